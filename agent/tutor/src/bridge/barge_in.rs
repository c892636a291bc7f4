//! What our own ear says of the learner's voice: turns where the provider finds none, and whether a sound that falls into
//! the tutor's words is speech or a cough.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Bridge, Owed};
use crate::floor::Holder;
use crate::turn_finder::{Found, TurnFinder, silence_that_ends};
use crate::{ItemId, Moment, Output, ProviderCommand, SessionSetup, TurnDetection};

/// So much voice is speech while the tutor is silent.
const SPEECH: Duration = Duration::from_millis(160);
/// So much voice is speech while the tutor speaks: a cough and an "mm-hm" are shorter.
const SPEECH_INTO_A_REPLY: Duration = Duration::from_millis(500);
/// A reply of which only so much is left is as good as over: who speaks now answers it.
const AS_GOOD_AS_OVER: Duration = Duration::from_millis(500);
/// What came before the first voice belongs to the turn: consonants are not voiced.
const PRE_ROLL: Duration = Duration::from_millis(300);
/// A silence after which speech that the provider finds counts anew here.
const SPEECH_OF_THE_PROVIDER_ENDS: Duration = Duration::from_millis(400);
/// The playout is held no longer for a sound of which nothing more is heard.
const HELD_AT_MOST: Duration = Duration::from_millis(700);
/// The provider has to notice what we heard as speech.
const PROVIDER_NOTICES_WITHIN: Duration = Duration::from_secs(2);
/// A change that we asked for less than this ago may not have been in force yet.
const CROSSING: Duration = Duration::from_millis(500);
/// After a crossing: if the provider does not answer by itself in this time, it is asked.
const ANSWERS_BY_ITSELF_WITHIN: Duration = Duration::from_millis(700);
/// How many sounds are remembered whose words may still tell that they were speech.
const MOST_DOUBTS: usize = 8;

/// What our own ear makes of the learner's voice.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    /// Whether anybody tells us of voice.
    works: bool,
    finder: TurnFinder,
    /// Up to here on the ear's clock it was listened to.
    until: Duration,
    /// When something was last told.
    alive: Moment,
    /// Since a sound fell into the tutor's words, the playout is held; not after this.
    held_until: Option<Moment>,
    /// Stretches of speech that the provider found, and that we do not take for speech.
    doubts: VecDeque<ItemId>,
    /// A turn that we found goes on.
    turn_is_open: bool,
    /// Where speech begins that no session has heard, and that has no turn: the next session may find it by itself.
    unclaimed: Option<Duration>,
    acts: Acts,
}

/// Whether the provider was told to interrupt and to answer by itself.
#[derive(Debug)]
struct Acts {
    told: bool,
    since: Moment,
}

impl Default for Acts {
    fn default() -> Self {
        Self {
            told: true,
            since: Moment::ZERO,
        }
    }
}

impl Hearing {
    /// Returns whether a turn that we found goes on.
    pub(super) fn turn_is_open(&self) -> bool {
        self.turn_is_open
    }

    /// Returns whether the provider was told to act by itself.
    pub(super) fn provider_acts(&self) -> bool {
        self.acts.told
    }

    /// Returns whether this was found by the provider and not taken for speech.
    pub(super) fn doubts(&self, item: &ItemId) -> bool {
        self.doubts.contains(item)
    }

    /// Another session knows nothing of what this one was told.
    pub(super) fn session_ended(&mut self, now: Moment) {
        self.doubts.clear();
        self.acts = Acts {
            told: true,
            since: now,
        };
    }

    /// Everything was dropped; that ends a hold, too.
    pub(super) fn playout_is_empty(&mut self) {
        self.held_until = None;
    }

    /// A reply begins to sound: what was heard before has been judged.
    pub(super) fn reply_begins(&mut self) {
        if !self.turn_is_open && !self.finder.hears_something() {
            self.finder.reset();
        }
    }
}

impl Bridge {
    /// Returns whether we find the learner's turns, for a provider that does not.
    pub(super) fn finds_turns_itself(&self) -> bool {
        !self.can.finds_turns && !self.brief.push_to_talk
    }

    /// Returns whether we judge what falls into the tutor's words, for a provider that finds turns.
    fn judges_speech(&self) -> bool {
        self.hearing.works
            && self.can.finds_turns
            && self.can.change_setup_midway
            && !self.brief.push_to_talk
    }

    fn tutor_sounds(&self) -> bool {
        matches!(self.floor.holder(), Holder::Tutor { .. })
    }

    fn tutor_is_as_good_as_silent(&self) -> bool {
        let left_of_all = match (self.replies.front(), self.replies.len()) {
            (Some(reply), 1) if reply.complete && !reply.broken => reply.left(),
            (None, _) => Duration::ZERO,
            _ => Duration::MAX,
        };
        !self.tutor_sounds() || left_of_all < AS_GOOD_AS_OVER
    }

    /// What was heard last held voice, or did not.
    pub(super) fn learner_voice(&mut self, is_voice: bool) {
        self.hearing.works = true;
        self.hearing.alive = self.now;
        let stretch = (self.hearing.until, self.ear.end());
        self.hearing.until = self.ear.end();
        if self.brief.push_to_talk || (self.leaving.is_some() && !self.hearing.turn_is_open) {
            self.end_found_turn();
            self.hearing.finder.reset();
            return;
        }
        let enough = if self.tutor_is_as_good_as_silent() {
            SPEECH
        } else {
            SPEECH_INTO_A_REPLY
        };
        let silence = if self.finds_turns_itself() {
            silence_that_ends(self.brief.patience)
        } else {
            SPEECH_OF_THE_PROVIDER_ENDS
        };
        let found = self.hearing.finder.hear(stretch, is_voice, enough, silence);
        if is_voice && self.hearing.finder.hears_something() {
            self.hold_playout();
        }
        match found {
            Some(Found::Speech { from }) => self.speech_found(from),
            // A reply that ended meanwhile was answered by it.
            Some(Found::FalseAlarm { from, voiced })
                if voiced >= SPEECH
                    && self.hearing.held_until.is_some()
                    && !self.tutor_sounds() =>
            {
                self.speech_found(from);
            }
            Some(Found::FalseAlarm { .. }) => self.let_playout_go_on(),
            Some(Found::Ended) => {
                self.end_found_turn();
                if self.is_ready() && self.floor.holder() == Holder::Learner {
                    self.expect_notice_of_its_end();
                }
            }
            None => {}
        }
    }

    /// Something falls into the tutor's words: they wait until it is known what it is.
    fn hold_playout(&mut self) {
        let judged_by_us = self.finds_turns_itself() || self.judges_speech();
        if !judged_by_us || !self.tutor_sounds() || self.away_since.is_some() {
            return;
        }
        if self.hearing.held_until.is_none() {
            self.out.push_back(Output::PausePlayout);
        }
        self.hearing.held_until = Some(self.now + HELD_AT_MOST);
    }

    /// It was nothing, or is being said anew: the playout is not held any more.
    fn let_playout_go_on(&mut self) {
        if self.hearing.held_until.take().is_some() && self.away_since.is_none() {
            self.out.push_back(Output::ResumePlayout);
        }
    }

    /// The learner speaks.
    fn speech_found(&mut self, from: Duration) {
        let from = from.saturating_sub(PRE_ROLL).max(self.taken_until);
        if self.finds_turns_itself() {
            self.begin_found_turn(from);
            return;
        }
        match self.floor.holder() {
            Holder::Nobody if self.is_ready() && self.hearing.held_until.is_none() => {
                self.expect_notice_of_speech(from);
            }
            Holder::Learner => self.expect_no_notice(),
            _ => {}
        }
        if !self.is_ready() && self.floor.holder() != Holder::Learner {
            self.hearing.unclaimed.get_or_insert(from);
        } else if self.judges_speech() && (self.tutor_sounds() || self.hearing.held_until.is_some())
        {
            let item = self.hearing.doubts.pop_back();
            self.take_the_floor(false);
            if item.is_none() {
                self.replay_over = self.now + PROVIDER_NOTICES_WITHIN;
            }
            self.floor.begin_speech(item, from, self.now, &mut self.out);
        }
    }

    fn begin_found_turn(&mut self, from: Duration) {
        self.take_the_floor(true);
        self.floor.begin_speech(None, from, self.now, &mut self.out);
        self.hearing.turn_is_open = true;
        if self.is_ready() {
            self.give_turn_from(from);
        }
    }

    /// Begins a turn at the provider with what was kept of it.
    fn give_turn_from(&mut self, from: Duration) {
        self.ask(ProviderCommand::BeginTurn);
        for pcm in self.ear.since(from) {
            self.ask_to_hear(pcm);
        }
        self.sent_until = self.ear.end();
    }

    /// Gives a new session what no session has heard. Returns whether there is a voice in it that is still to be noticed.
    pub(super) fn replay(&mut self) -> bool {
        let unclaimed = self.hearing.unclaimed.take();
        if let Some(from) = unclaimed.filter(|_| self.finds_turns_itself()) {
            self.take_the_floor(true);
            self.floor.begin_speech(None, from, self.now, &mut self.out);
            if !self.hearing.finder.hears_speech() {
                self.floor.end_speech(self.now, &mut self.out);
            }
        }
        let speaks = self.floor.holder() == Holder::Learner;
        self.hearing.turn_is_open = speaks && self.finds_turns_itself();
        if self.hearing.turn_is_open {
            self.hearing.finder.take_up(self.ear.end());
        }
        if self.finds_turns_itself() {
            if let Some(from) = self.floor.wordless_from() {
                self.give_turn_from(from);
            }
            return false;
        }
        for pcm in self.ear.since(self.replay_from) {
            self.ask_to_hear(pcm);
        }
        self.ear.heard_a_voice_since(self.replay_from)
    }

    /// Ends the turn that we found, if one goes on.
    pub(super) fn end_found_turn(&mut self) {
        if !std::mem::take(&mut self.hearing.turn_is_open) {
            return;
        }
        self.floor.end_speech(self.now, &mut self.out);
        self.taken_until = self.ear.end();
        if !self.is_ready() {
            // It is given to the next session, and ended there.
        } else if self.leaving.is_some() {
            self.ask(ProviderCommand::Commit);
        } else {
            self.commit();
        }
    }

    /// The floor is taken by whatever means: nothing here is in doubt any more.
    pub(super) fn floor_is_taken(&mut self) {
        self.let_playout_go_on();
        if std::mem::take(&mut self.hearing.turn_is_open) && self.is_ready() {
            self.ask(ProviderCommand::Commit);
        }
    }

    /// The provider found speech. Returns whether that is in doubt: it falls into the tutor's words.
    pub(super) fn doubt_speech(&mut self, item: &ItemId) -> bool {
        if !self.judges_speech() || !self.tutor_sounds() {
            return false;
        }
        if !self.hearing.doubts(item) {
            self.hearing.doubts.push_back(item.clone());
            if self.hearing.doubts.len() > MOST_DOUBTS {
                self.hearing.doubts.pop_front();
            }
            self.hold_playout();
        }
        true
    }

    /// The words of a sound that was not taken for speech. Returns whether it was one.
    pub(super) fn words_of_a_doubt(&mut self, item: &ItemId, text: &str) -> bool {
        let Some(index) = self.hearing.doubts.iter().position(|doubt| doubt == item) else {
            return false;
        };
        self.hearing.doubts.remove(index);
        let text = text.trim();
        if text.is_empty() || (self.tutor_sounds() && is_backchannel(text)) {
            return true;
        }
        // Short, but said in earnest.
        self.take_the_floor(false);
        self.floor.typed(text.to_owned(), self.now, &mut self.out);
        if self.is_ready() && self.leaving.is_none() {
            self.ask(ProviderCommand::Reply { instructions: None });
            self.expect_reply(None);
        }
        true
    }

    /// The provider stopped a reply by itself, before it knew that it should not, for something that may be nothing.
    pub(super) fn reply_stopped_in_doubt(&mut self) {
        if self.judges_speech() && self.tutor_sounds() {
            self.owed = Some(Owed::Rest);
            self.owed_from = self.now;
        }
    }

    /// The learner's turn is over at the provider: sees to it that exactly one answer comes.
    pub(super) fn have_it_answered(&mut self) {
        let settled = self.now >= self.hearing.acts.since + CROSSING;
        match (self.hearing.acts.told, settled) {
            (true, true) => self.expect_reply(None),
            (false, true) => {
                self.ask(ProviderCommand::Reply { instructions: None });
                self.expect_reply(None);
            }
            // Nobody knows which was in force.
            (_, false) if self.judges_speech() => {
                self.owed = Some(Owed::Answer);
                self.owed_from = self.now + ANSWERS_BY_ITSELF_WITHIN;
            }
            (_, false) => self.expect_reply(None),
        }
    }

    /// Returns when something here is due.
    pub(super) fn hearing_due(&self) -> Option<Moment> {
        let silent = self.hearing.turn_is_open.then(|| self.ear_is_dead_at());
        self.hearing.held_until.into_iter().chain(silent).min()
    }

    /// An ear that tells nothing for so long is gone, and the turn with it.
    fn ear_is_dead_at(&self) -> Moment {
        self.hearing.alive + silence_that_ends(self.brief.patience) + Duration::from_secs(1)
    }

    pub(super) fn settle_hearing(&mut self) {
        if self
            .hearing
            .held_until
            .is_some_and(|until| self.now >= until)
        {
            self.let_playout_go_on();
        }
        if self.hearing.turn_is_open && self.now >= self.ear_is_dead_at() {
            self.hearing.finder.reset();
            self.end_found_turn();
        }
    }

    /// Tells the provider to act by itself while the tutor is silent, and to leave it to us while the tutor speaks.
    pub(super) fn settle_acts(&mut self) {
        if !self.is_ready() || !self.judges_speech() || self.leaving.is_some() {
            return;
        }
        let acts = match self.floor.holder() {
            Holder::Tutor { .. } => false,
            Holder::Nobody => true,
            // What began one way ends that way.
            Holder::Learner => return,
        };
        if acts == self.hearing.acts.told {
            return;
        }
        self.hearing.acts = Acts {
            told: acts,
            since: self.now,
        };
        let setup = SessionSetup {
            voice: self.voice_in_use.clone(),
            ..self.setup(Vec::new())
        };
        self.change_session(setup);
    }

    /// Changes the open session, but for what is in force of our judging.
    pub(super) fn change_session(&mut self, mut setup: SessionSetup) {
        if let TurnDetection::Listening { acts, .. } = &mut setup.turn_detection {
            *acts = self.hearing.acts.told;
        }
        self.ask(ProviderCommand::Change(Box::new(setup)));
    }
}

/// Sounds and words by which a listener says "go on".
const BACKCHANNELS: [&str; 40] = [
    "mm", "mmm", "mhm", "mmhm", "hm", "hmm", "uhhuh", "aha", "ah", "oh", "uh", "um", "eh", "ok",
    "okay", "yeah", "yes", "yep", "right", "sure", "i", "see", "ja", "genau", "ach", "so", "sí",
    "si", "claro", "vale", "oui", "да", "угу", "ага", "はい", "うん", "ええ", "嗯", "네", "آره",
];

/// Returns whether these words only say "go on".
fn is_backchannel(text: &str) -> bool {
    let mut words = text.split_whitespace().map(|word| {
        word.chars()
            .filter(|c| c.is_alphabetic())
            .flat_map(char::to_lowercase)
            .collect::<String>()
    });
    text.split_whitespace().count() <= 3
        && words.all(|word| word.is_empty() || BACKCHANNELS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backchannel_is_told_from_a_word_in_earnest() {
        for text in [
            "Mm-hm.",
            "Uh-huh",
            "Yeah, yeah.",
            "I see.",
            "はい。",
            "Ja, genau!",
            "…",
        ] {
            assert!(is_backchannel(text), "{text}");
        }
        for text in [
            "Wait!",
            "Stop",
            "No",
            "Yes, but",
            "What?",
            "yes yes yes yes",
        ] {
            assert!(!is_backchannel(text), "{text}");
        }
    }
}
