//! What is said next, and whether something goes wrong in it.

use crate::script::{Context, Reply, ReplyFault};
use crate::server::Shared;

/// A reply with what goes along with it.
pub(crate) struct Choice {
    pub(crate) reply: Reply,
    pub(crate) fault: Option<ReplyFault>,
    /// Whether a script chose it.
    pub(crate) is_scripted: bool,
}

impl Choice {
    /// Returns the script's reply for this moment, if it has one. Its fault happens the first time, unless it is to be repeated.
    pub(crate) fn scripted(shared: &Shared, context: Context<'_>) -> Option<Self> {
        let chosen = shared.script.choose(context)?;
        let fault = chosen
            .reply
            .fault
            .clone()
            .filter(|fault| fault.repeat || shared.fires_first_time(&chosen));
        Some(Self {
            reply: chosen.reply,
            fault,
            is_scripted: true,
        })
    }

    /// Returns a reply of the stand-in's own.
    pub(crate) const fn own(reply: Reply) -> Self {
        Self {
            reply,
            fault: None,
            is_scripted: false,
        }
    }
}
