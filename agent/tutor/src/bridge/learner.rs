//! What the learner does, and what the provider says of it.

use std::time::Duration;

use super::{Bridge, Expecting, Owed, Tried};
use crate::allowance::LastReply;
use crate::ear::{at_rate, is_loud};
use crate::floor::Holder;
use crate::{
    Brief, HandOverCause, ItemId, Output, Pcm, ProviderCommand, SessionSetup, TurnDetection,
};

/// Speech is noticed some time after it began; so much before the notice belongs to it.
const NOTICED_LATE: Duration = Duration::from_secs(1);
/// What is kept from before a voice: a first consonant is quiet.
const BEFORE_A_VOICE: Duration = Duration::from_millis(300);
/// A provider that is well says so soon after a voice began.
const NOTICED_WITHIN: Duration = Duration::from_secs(2);
/// What is kept of the learner's audio while all is well: a socket that dies takes its last moments with it.
const KEPT: Duration = Duration::from_secs(2);
/// The longest text that is taken at once, in characters.
const LONGEST_TEXT: usize = 4_000;
/// A press of the key that is shorter is a slip; providers refuse so little audio.
const SHORTEST_PRESS: Duration = Duration::from_millis(100);

impl Bridge {
    pub(super) fn learner_joined(&mut self) {
        if self.away_since.take().is_some() {
            self.out.push_back(Output::ResumePlayout);
        }
        // Whoever comes back sees nothing of what was shown before.
        self.shown_state = None;
        if let Some(voice) = self.voice {
            self.out.push_back(Output::Voice(voice));
        }
        if self.leaving.is_none() && self.line == super::Line::Down {
            self.open_provider();
        }
    }

    pub(super) fn learner_left(&mut self) {
        if self.away_since.is_some() {
            return;
        }
        self.end_found_turn();
        self.away_since = Some(self.now);
        // A page that is loaded again is back in a moment: the reply waits for it.
        self.out.push_back(Output::PausePlayout);
        if let Some(leaving) = &mut self.leaving {
            leaving.until = leaving
                .until
                .min(self.now + super::leaving::LAST_WORDS_TAKE_AT_MOST);
        }
        self.floor.end_speech(self.now, &mut self.out);
    }

    pub(super) fn learner_audio(&mut self, pcm: Pcm) {
        let key_is_up =
            self.brief.push_to_talk && self.knows_presses && self.floor.holder() != Holder::Learner;
        // Between turns that we find the provider hears nothing.
        let not_theirs = key_is_up || (self.finds_turns_itself() && !self.hearing.turn_is_open());
        let ready = self.is_ready();
        let keep_from = if ready {
            self.ear.end().saturating_sub(KEPT)
        } else {
            self.replay_from
        };
        let keep_from = [self.floor.wordless_from(), self.unnoticed]
            .into_iter()
            .flatten()
            .fold(keep_from, Duration::min);
        let is_noticed = self.unnoticed.is_some() || self.floor.holder() == Holder::Learner;
        if ready && !not_theirs && !is_noticed && is_loud(&pcm) {
            let from = self.ear.end().saturating_sub(BEFORE_A_VOICE);
            self.unnoticed = Some(from.max(self.taken_until));
        }
        self.ear.hear(pcm.clone(), keep_from);
        if ready && !not_theirs {
            self.ask_to_hear(pcm);
        }
        if ready || not_theirs {
            self.sent_until = self.ear.end();
        }
    }

    /// The provider said something: a voice that it heard some time ago it has noticed, or takes for none.
    pub(super) fn provider_is_alive(&mut self) {
        let noticed_until = self.ear.end().saturating_sub(NOTICED_WITHIN);
        self.unnoticed.take_if(|from| *from < noticed_until);
    }

    /// Tells the provider what the learner's microphone heard. After a change of provider some of it may have another rate.
    pub(super) fn ask_to_hear(&mut self, pcm: Pcm) {
        let pcm = at_rate(pcm, self.can.input_rate_hz);
        self.ask(ProviderCommand::Audio(pcm));
    }

    pub(super) fn learner_typed(&mut self, text: &str) {
        let text: String = text.trim().chars().take(LONGEST_TEXT).collect();
        if text.is_empty() {
            return;
        }
        self.take_the_floor(false);
        self.floor.typed(text.clone(), self.now, &mut self.out);
        if self.leaving.is_some() {
            // It is kept; whoever has the conversation next answers it.
        } else if self.is_ready() {
            self.ask(ProviderCommand::Text(text));
            self.expect_reply(None);
        } else if matches!(self.line, super::Line::Opening { .. }) {
            self.unsent_text.push(text);
        }
    }

    pub(super) fn learner_pressed(&mut self) {
        self.knows_presses = true;
        if self.brief.push_to_talk && self.floor.holder() != Holder::Learner {
            self.take_the_floor(false);
            self.taken_until = self.ear.end();
            self.floor
                .begin_speech(None, self.ear.end(), self.now, &mut self.out);
            if self.is_ready() {
                self.ask(ProviderCommand::BeginTurn);
            }
        }
    }

    pub(super) fn learner_released(&mut self) {
        if !self.brief.push_to_talk {
            return;
        }
        let spoken = self.ear.end().saturating_sub(self.taken_until);
        if self.floor.holder() != Holder::Learner {
            if self.knows_presses || spoken < SHORTEST_PRESS {
                return;
            }
            self.take_the_floor(false);
            self.floor
                .begin_speech(None, self.taken_until, self.now, &mut self.out);
        }
        self.floor.end_speech(self.now, &mut self.out);
        self.taken_until = self.ear.end();
        if spoken < SHORTEST_PRESS {
            self.floor.give_up_words(None, &mut self.out);
        } else if self.is_ready() {
            self.commit();
        }
    }

    /// Ends the learner's turn at the provider, which does not listen for its end itself.
    pub(super) fn commit(&mut self) {
        self.ask(ProviderCommand::Commit);
        self.ask(ProviderCommand::Reply { instructions: None });
        self.expect_reply(None);
    }

    pub(super) fn speech_started(&mut self, item: ItemId) {
        if self.floor.knows(&item) {
            return;
        }
        if self.now <= self.replay_over && self.floor.adopt(&item) {
            return;
        }
        self.unnoticed = None;
        if self.doubt_speech(&item) {
            return;
        }
        self.take_the_floor(true);
        let mut from = self.ear.end().saturating_sub(NOTICED_LATE);
        if self.now <= self.replay_over && self.replay_from < self.replay_until {
            // It may have begun anywhere in what this session was told at once.
            from = from.min(self.replay_from);
        }
        let from = from.max(self.taken_until);
        self.floor
            .begin_speech(Some(item), from, self.now, &mut self.out);
    }

    pub(super) fn speech_stopped(&mut self, item: &ItemId) {
        self.unnoticed = None;
        if self.hearing.doubts(item) {
            return;
        }
        if self.floor.is_speaking(item) {
            self.floor.end_speech(self.now, &mut self.out);
        } else if !self.floor.knows(item) {
            if self.floor.holder() != Holder::Nobody {
                return;
            }
            // Its beginning was lost.
            let from = self
                .ear
                .end()
                .saturating_sub(NOTICED_LATE)
                .max(self.taken_until);
            self.floor
                .begin_speech(Some(item.clone()), from, self.now, &mut self.out);
            self.floor.end_speech(self.now, &mut self.out);
        }
        self.taken_until = self.ear.end();
        if self.replies.is_empty() {
            self.have_it_answered();
        }
    }

    pub(super) fn learner_words(&mut self, item: &ItemId, text: String) {
        if self.words_of_a_doubt(item, &text) {
            return;
        }
        let nothing = text.trim().is_empty();
        if !self.floor.words(item, text.clone(), &mut self.out)
            && !nothing
            && self.floor.holder() == Holder::Nobody
        {
            // Words without a turn: better a turn without a length than words that are lost.
            self.floor
                .typed(text.trim().to_owned(), self.now, &mut self.out);
        }
        if let Some(expecting) = self.expecting.as_mut().filter(|_| nothing) {
            expecting.nothing_said = true;
        }
    }

    /// Whoever speaks now, it is the learner's turn.
    pub(super) fn take_the_floor(&mut self, provider_knows: bool) {
        self.cut_replies(provider_knows);
        self.floor_is_taken();
        self.cancel_tools();
        self.tools.learner_spoke();
        self.floor.end_speech(self.now, &mut self.out);
        self.expecting = None;
        self.owed = None;
        self.tried = Tried::Nothing;
        // Who speaks first needs no greeting.
        self.greeted = true;
    }

    pub(super) fn expect_reply(&mut self, instructions: Option<String>) {
        let answers = instructions.is_none().then_some(self.now);
        self.expecting = Some(Expecting {
            since: self.now,
            answers,
            instructions,
            nothing_said: false,
            after_tool: false,
        });
    }

    pub(super) fn brief_changed(&mut self, brief: Brief) {
        let before = self.setup(Vec::new());
        self.brief = brief;
        let mut after = self.setup(Vec::new());
        if !self.can.finds_turns {
            // How turns are found is none of its business.
            after.turn_detection = before.turn_detection;
        }
        if before == after {
            return;
        }
        if !self.is_ready() {
            self.change_due = true;
            return;
        }
        // No session changes its voice; all else may be told to an open one.
        let other_voice = before.voice != after.voice;
        let after = SessionSetup {
            voice: before.voice.clone(),
            ..after
        };
        if self.can.change_setup_midway && before != after {
            self.change_session(SessionSetup {
                voice: self.voice_in_use.clone(),
                ..after
            });
        }
        if other_voice || !self.can.change_setup_midway {
            self.replace_soon(HandOverCause::Settings);
        }
    }

    pub(super) fn is_manual(&self) -> bool {
        self.setup(Vec::new()).turn_detection == TurnDetection::Manual
    }

    /// Asks for what is owed, when nobody speaks.
    pub(super) fn settle_owed(&mut self) {
        if !self.is_ready()
            || self.away_since.is_some()
            || self.leaving.is_some()
            || !self.is_quiet()
        {
            return;
        }
        // Once the money is spent, there is only a goodbye left to say.
        let only_goodbye = self.allowance.last_reply() == LastReply::Owed;
        let due = self
            .owed
            .filter(|_| self.now >= self.owed_from && !only_goodbye);
        let instructions = match due {
            Some(Owed::Greeting) => Some(crate::instructions::greeting(&self.brief)),
            Some(Owed::Rest) => Some(crate::instructions::continuation(
                self.floor.transcript().last_words_of_the_tutor(),
            )),
            Some(Owed::Answer) => None,
            None if self.wrap_up_owed => {
                self.wrap_up_owed = false;
                Some(crate::instructions::wrapping_up())
            }
            None => return,
        };
        if due.is_some() {
            self.owed = None;
        }
        self.ask(ProviderCommand::Reply {
            instructions: instructions.clone(),
        });
        self.expect_reply(instructions);
    }
}
