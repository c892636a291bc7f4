//! Tools that the model may call: run by the shell, bounded by time and number, once for each call.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::{Bridge, Expecting, Way, leaving};
use crate::{EndReason, Moment, Output, ProviderCommand, ToolCall, ToolOffer};

/// A learner waits for no tool longer than this.
const TOOL_TAKES_AT_MOST: Duration = Duration::from_secs(4);
/// So many tools run at once.
const MOST_AT_ONCE: usize = 4;
/// So many calls are run between two turns of the learner; a model that calls more is in a loop.
const MOST_IN_A_ROW: u32 = 8;
/// So many more are told that they are too many; after that we are silent, and so is the loop.
const MOST_REFUSED: u32 = 4;
/// How many calls that are over are remembered.
const REMEMBERED: usize = 32;
/// The longest result that a model is given, in characters.
const LONGEST_RESULT: usize = 4_000;
/// How long a goodbye may take to be said.
const GOODBYE_TAKES_AT_MOST: Duration = Duration::from_secs(20);

/// The tutor's own way out.
const END_CONVERSATION: &str = "end_conversation";

/// What was called, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Tools {
    /// Run by the shell.
    offered: Vec<ToolOffer>,
    running: Vec<Running>,
    over: VecDeque<Over>,
    /// Counts the provider's sessions.
    session: u32,
    /// Calls since the learner last spoke.
    in_a_row: u32,
    /// The tutor says goodbye; then the conversation ends.
    goodbye_until: Option<Moment>,
}

#[derive(Debug)]
struct Running {
    call: ToolCall,
    until: Moment,
    /// When the learner had stopped, who waits for the answer behind this call.
    answers: Option<Moment>,
}

#[derive(Debug)]
struct Over {
    call: ToolCall,
    output: String,
    /// The session that was given the result.
    told_in: Option<u32>,
}

impl Tools {
    pub(super) fn new(offered: Vec<ToolOffer>) -> Self {
        Self {
            offered,
            ..Self::default()
        }
    }

    /// Returns all that is offered to the model.
    pub(super) fn offers(&self) -> Vec<ToolOffer> {
        let own = ToolOffer {
            name: END_CONVERSATION.to_owned(),
            description: "Ends the conversation for good. Call it only when the learner clearly wants to stop or has said goodbye; \
                          never because of a pause or a misunderstanding. You say goodbye after it has returned."
                .to_owned(),
            parameters: r#"{"type":"object","properties":{},"additionalProperties":false}"#.to_owned(),
        };
        std::iter::once(own)
            .chain(self.offered.iter().cloned())
            .collect()
    }

    /// Returns whether the model waits for one.
    pub(super) fn are_running(&self) -> bool {
        !self.running.is_empty()
    }

    /// The learner has a turn of their own: calls count anew, and nobody says goodbye any more.
    pub(super) fn learner_spoke(&mut self) {
        self.in_a_row = 0;
        self.goodbye_until = None;
    }

    /// Returns when something here is due.
    pub(super) fn due(&self) -> Option<Moment> {
        let running = self.running.iter().map(|running| running.until);
        running.chain(self.goodbye_until).min()
    }

    fn remember(&mut self, call: ToolCall, output: String, told_in: Option<u32>) {
        self.over.push_back(Over {
            call,
            output,
            told_in,
        });
        if self.over.len() > REMEMBERED {
            self.over.pop_front();
        }
    }
}

impl Bridge {
    pub(super) fn tool_called(&mut self, call: ToolCall) {
        if !self.is_ready() || self.leaving.is_some() {
            return;
        }
        let tools = &mut self.tools;
        if tools.running.iter().any(|known| known.call.id == call.id) {
            return;
        }
        if let Some(over) = tools.over.iter_mut().rev().find(|over| over.call == call) {
            // The provider tells of it once more: it is answered once in each session, and never run again.
            if over.told_in != Some(tools.session) {
                over.told_in = Some(tools.session);
                let output = over.output.clone();
                self.answer(&call, output, None);
            }
            return;
        }
        tools.in_a_row = tools.in_a_row.saturating_add(1);
        if tools.in_a_row > MOST_IN_A_ROW + MOST_REFUSED {
            return;
        }
        let refusal = if tools.in_a_row > MOST_IN_A_ROW || tools.running.len() >= MOST_AT_ONCE {
            Some("too many calls; answer without tools")
        } else if call.name != END_CONVERSATION
            && !tools.offered.iter().any(|offer| offer.name == call.name)
        {
            Some("there is no such tool")
        } else {
            None
        };
        let answers = self
            .expecting
            .as_ref()
            .and_then(|expecting| expecting.answers);
        if let Some(refusal) = refusal {
            self.tool_over(call, failure(refusal), answers);
        } else if call.name == END_CONVERSATION {
            self.tools.goodbye_until = Some(self.now + GOODBYE_TAKES_AT_MOST);
            let output =
                r#"{"ok":true,"next":"Say goodbye in one short sentence, unless you just did."}"#;
            self.tool_over(call, output.to_owned(), answers);
        } else {
            self.tools.running.push(Running {
                call: call.clone(),
                until: self.now + TOOL_TAKES_AT_MOST,
                answers,
            });
            self.out.push_back(Output::RunTool(call));
        }
    }

    pub(super) fn tool_returned(&mut self, call: &Arc<str>, output: Result<String, String>) {
        let Some(index) = self
            .tools
            .running
            .iter()
            .position(|running| running.call.id == *call)
        else {
            // Too late, or for a turn that was dropped.
            return;
        };
        let running = self.tools.running.remove(index);
        let output = match output {
            Ok(output) if output.chars().count() <= LONGEST_RESULT => output,
            Ok(_) => failure("the result is too long"),
            Err(why) => failure(&why),
        };
        self.tool_over(running.call, output, running.answers);
    }

    /// Gives a result to the session that asked.
    fn tool_over(&mut self, call: ToolCall, output: String, answers: Option<Moment>) {
        self.floor.tool_called(&call, &output);
        self.tools
            .remember(call.clone(), output.clone(), Some(self.tools.session));
        self.answer(&call, output, answers);
    }

    fn answer(&mut self, call: &ToolCall, output: String, answers: Option<Moment>) {
        self.ask(ProviderCommand::ToolResult {
            call: call.id.clone(),
            name: call.name.clone(),
            output,
        });
        self.expecting = Some(Expecting {
            since: self.now,
            answers,
            instructions: None,
            nothing_said: false,
            after_tool: true,
        });
    }

    /// The provider takes a call back.
    pub(super) fn tool_cancelled(&mut self, call: &Arc<str>) {
        if let Some(index) = self
            .tools
            .running
            .iter()
            .position(|running| running.call.id == *call)
        {
            let running = self.tools.running.remove(index);
            self.cancel_tool(running);
        }
    }

    /// The turn that the calls belonged to was dropped, or the session that made them is gone.
    pub(super) fn cancel_tools(&mut self) {
        for running in std::mem::take(&mut self.tools.running) {
            self.cancel_tool(running);
        }
    }

    fn cancel_tool(&mut self, running: Running) {
        self.out.push_back(Output::CancelTool {
            call: running.call.id.clone(),
        });
        let output = failure("it was interrupted");
        self.floor.tool_called(&running.call, &output);
        self.tools.remember(running.call, output, None);
    }

    /// Another session knows nothing of what this one was told.
    pub(super) fn session_of_tools_ended(&mut self) {
        self.cancel_tools();
        self.tools.session += 1;
    }

    pub(super) fn settle_tools(&mut self) {
        let now = self.now;
        while let Some(index) = self
            .tools
            .running
            .iter()
            .position(|running| now >= running.until)
        {
            let running = self.tools.running.remove(index);
            self.out.push_back(Output::CancelTool {
                call: running.call.id.clone(),
            });
            self.tool_over(running.call, failure("it took too long"), running.answers);
        }
        let Some(until) = self.tools.goodbye_until else {
            return;
        };
        if self.is_quiet() || now >= until {
            self.tools.goodbye_until = None;
            self.leave(
                Way::End(EndReason::TutorEnded),
                leaving::LAST_SENTENCE_TAKES_AT_MOST,
            );
        }
    }
}

/// A result that says what went wrong. Whatever the words, it is JSON.
fn failure(why: &str) -> String {
    let why: String = why
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '"' | '\\'))
        .take(200)
        .collect();
    format!(r#"{{"error":"{why}"}}"#)
}
