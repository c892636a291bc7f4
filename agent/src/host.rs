//! What an agent needs from whoever runs it: conversations to claim, a brief, and a place for turns.
//!
//! The backend implements [`TutorHost`] on Postgres. Every write carries the [`Lease`]; a host must refuse it with
//! [`HostError::LeaseLost`] when the lease's epoch is no longer the current one.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use avaaz_tutor::{
    Brief, EndReason, PastTurn, Speaker, Spending, ToolOffer, Usage, WritingRequest, WrittenAnswer,
};
use uuid::Uuid;

/// Says which runtime holds a conversation, and since which claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The conversation.
    pub conversation: Uuid,
    /// The runtime that holds it; new for every process.
    pub runtime: Uuid,
    /// Grows with every claim of the conversation.
    pub epoch: i64,
}

/// A claimed conversation and all that is needed to serve it.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The lease under which everything is written.
    pub lease: Lease,
    /// The session it belongs to.
    pub session: Uuid,
    /// The room's name.
    pub room: String,
    /// The learner's identity in the room.
    pub learner_identity: String,
    /// Our identity in the room.
    pub tutor_identity: String,
    /// When the conversation began.
    pub started_at: SystemTime,
    /// What the tutor is told.
    pub brief: Brief,
    /// The turns so far, in order: not empty after a take-over. The tutor greets only when it is empty and `greeted` is false.
    pub history: Vec<PastTurn>,
    /// Whether [`TutorHost::record_provider`] was called for this conversation before: a tutor has begun to greet then, and
    /// a take-over must not greet again, though no turn may tell of it.
    pub greeted: bool,
    /// The `seq` of the next turn.
    pub next_seq: u32,
    /// Which provider to use; `None` is the runtime's choice.
    pub provider: Option<String>,
    /// How long the whole conversation may take, in all.
    pub time_limit: Duration,
    /// How much is spent already of what may be, if it is much.
    pub spending: Option<Spending>,
}

/// One turn as it is written. Writing the same `id` again changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnRecord {
    /// Chosen by the runtime (UUIDv7), so that a retry is safe.
    pub id: Uuid,
    /// From 1, without gaps.
    pub seq: u32,
    /// Who spoke.
    pub speaker: Speaker,
    /// The words; of an interrupted reply only those that were heard.
    pub text: String,
    /// Whether the words are still to come (then `text` is empty).
    pub text_pending: bool,
    /// When it began.
    pub started_at: SystemTime,
    /// When it ended.
    pub ended_at: SystemTime,
    /// Whether it was cut short.
    pub interrupted: bool,
    /// How much of a reply was heard.
    pub heard_ms: Option<u32>,
    /// From the end of the learner's speech to the provider's first sound of the reply.
    pub first_audio_ms: Option<u32>,
    /// From the end of the learner's speech to the first packet of the reply.
    pub latency_ms: Option<u32>,
    /// From the end of the learner's speech to the first sound that was heard of the reply, by our best estimate.
    pub first_heard_ms: Option<u32>,
    /// The provider that heard, spoke or wrote it.
    pub provider: Option<String>,
    /// Its model.
    pub model: Option<String>,
}

/// What something cost by the provider's own account. Writing the same `id` again changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageRecord {
    /// Chosen by the runtime (UUIDv7), so that a retry is safe.
    pub id: Uuid,
    /// The turn that it belongs to, if one; its record came before.
    pub turn: Option<Uuid>,
    /// Whose account it is.
    pub provider: String,
    /// The model that was used.
    pub model: String,
    /// How many tokens of each kind.
    pub usage: Usage,
    /// When it became known.
    pub at: SystemTime,
}

/// Something that changed outside while a conversation is live.
#[derive(Debug, Clone)]
pub enum Notice {
    /// The session's settings changed: here is the new brief.
    BriefChanged {
        /// Of this conversation.
        conversation: Uuid,
        /// The new brief.
        brief: Box<Brief>,
        /// The provider that is wanted; `None` is the runtime's choice.
        provider: Option<String>,
    },
    /// The learner, or an operator, asked for the end.
    EndRequested {
        /// Of this conversation.
        conversation: Uuid,
        /// Why.
        reason: EndReason,
    },
    /// Of what may be spent on the conversation, this much is spent.
    Spent {
        /// Of this conversation.
        conversation: Uuid,
        /// How much.
        spending: Spending,
    },
    /// Somebody else holds the lease now, or the conversation is gone: stop at once, write nothing more.
    LeaseLost {
        /// Of this conversation.
        conversation: Uuid,
    },
    /// There may be conversations to claim.
    WorkMayWait,
}

/// Why the host could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HostError {
    /// The lease is not ours any more. Stop, write nothing.
    #[error("the lease was lost")]
    LeaseLost,
    /// The host cannot be reached now; keep the turn and try again.
    #[error("the host cannot be reached: {0}")]
    Unavailable(String),
    /// The host refuses this write for good (it would be wrong to retry).
    #[error("the host refused: {0}")]
    Refused(String),
}

/// The runtime's host.
#[async_trait]
pub trait TutorHost: Send + Sync + 'static {
    /// Claims up to `room_for` conversations that nobody serves. Never more than one claim per conversation at a time.
    ///
    /// # Errors
    /// [`HostError::Unavailable`].
    async fn claim(&self, runtime: Uuid, room_for: usize) -> Result<Vec<Claimed>, HostError>;

    /// Renews leases and returns those that are lost.
    ///
    /// # Errors
    /// [`HostError::Unavailable`]; the leases may then still be ours.
    async fn renew(&self, leases: &[Lease]) -> Result<Vec<Lease>, HostError>;

    /// Gives a conversation back so that another runtime can claim it at once. It stays open.
    ///
    /// # Errors
    /// See [`HostError`].
    async fn release(&self, lease: Lease) -> Result<(), HostError>;

    /// Ends a conversation for good.
    ///
    /// # Errors
    /// See [`HostError`].
    async fn end(
        &self,
        lease: Lease,
        reason: EndReason,
        ended_at: SystemTime,
    ) -> Result<(), HostError>;

    /// Writes a turn that has ended.
    ///
    /// # Errors
    /// See [`HostError`].
    async fn record_turn(&self, lease: Lease, turn: TurnRecord) -> Result<(), HostError>;

    /// Fills in the words of a turn that was written with `text_pending`.
    ///
    /// # Errors
    /// See [`HostError`].
    async fn record_words(&self, lease: Lease, turn: Uuid, text: String) -> Result<(), HostError>;

    /// Notes what something cost.
    ///
    /// # Errors
    /// See [`HostError`].
    async fn record_usage(&self, lease: Lease, usage: UsageRecord) -> Result<(), HostError>;

    /// Notes whether the learner is in the room.
    ///
    /// # Errors
    /// See [`HostError`].
    async fn record_presence(&self, lease: Lease, learner_present: bool) -> Result<(), HostError>;

    /// Notes which provider and model serve the conversation.
    ///
    /// # Errors
    /// See [`HostError`].
    async fn record_provider(
        &self,
        lease: Lease,
        provider: &str,
        model: &str,
    ) -> Result<(), HostError>;

    /// Makes sure that the room exists at the room server (its state is in memory only, a restart forgets it).
    ///
    /// # Errors
    /// See [`HostError`].
    async fn ensure_room(&self, room: &str) -> Result<(), HostError>;

    /// Returns the tools that this host can run for the model.
    fn tools(&self) -> Vec<ToolOffer> {
        Vec::new()
    }

    /// Runs one of [`Self::tools`] with what the model wrote as its arguments, and returns its result as JSON. It may be dropped
    /// at any time: then the learner has spoken, or it took too long.
    ///
    /// # Errors
    /// [`HostError::Refused`] when the model can do better: it is told the words. See [`HostError`] for the others.
    async fn run_tool(
        &self,
        lease: Lease,
        name: &str,
        arguments: &str,
    ) -> Result<String, HostError> {
        let _ = (lease, name, arguments);
        Err(HostError::Refused("there is no such tool".to_owned()))
    }

    /// Writes the tutor's next words, while no provider can speak them. It may be dropped at any time.
    ///
    /// # Errors
    /// [`HostError::Unavailable`] when nobody can write now. See [`HostError`] for the others.
    async fn compose(
        &self,
        lease: Lease,
        request: WritingRequest,
    ) -> Result<WrittenAnswer, HostError> {
        let _ = (lease, request);
        Err(HostError::Unavailable("nobody here can write".to_owned()))
    }

    /// Waits for the next notice about conversations of this runtime. Cancel-safe. Never returns an error: a lost
    /// connection is made anew inside, and what may have been missed is read again.
    async fn next_notice(&self) -> Notice;
}
