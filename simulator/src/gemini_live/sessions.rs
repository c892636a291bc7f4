//! Sessions that can be gone on with: what a handle stands for, and which sessions have an open socket.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::context::Entry;
use super::refusal::Refusal;
use crate::ids::new_id;

/// Older handles are forgotten.
const MAX_HANDLES: usize = 2_000;
const VALID_FOR: Duration = Duration::from_secs(2 * 60 * 60);

/// All sessions of a simulator.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    saved: HashMap<String, Saved>,
    oldest_first: VecDeque<String>,
    open: HashSet<String>,
}

/// What a handle stands for.
#[derive(Debug, Clone)]
pub(super) struct Saved {
    pub(super) session: String,
    pub(super) model: String,
    pub(super) context: Vec<Entry>,
    saved_at: Instant,
}

impl Sessions {
    /// Returns a new handle for a session as it is now.
    pub(super) fn save(&self, session: &str, model: &str, context: &[Entry]) -> String {
        let handle = new_id("handle");
        let saved = Saved {
            session: session.to_owned(),
            model: model.to_owned(),
            context: context.to_vec(),
            saved_at: Instant::now(),
        };
        let mut table = self.lock();
        table.saved.insert(handle.clone(), saved);
        table.oldest_first.push_back(handle.clone());
        if table.oldest_first.len() > MAX_HANDLES
            && let Some(oldest) = table.oldest_first.pop_front()
        {
            table.saved.remove(&oldest);
        }
        handle
    }

    /// Opens the session of a handle.
    pub(super) fn resume(&self, handle: &str, model: &str) -> Result<Saved, Refusal> {
        let mut table = self.lock();
        let saved = table
            .saved
            .get(handle)
            .filter(|saved| saved.saved_at.elapsed() < VALID_FOR)
            .ok_or_else(Refusal::not_found)?
            .clone();
        if saved.model != model {
            return Err(Refusal::invalid_argument());
        }
        if !table.open.insert(saved.session.clone()) {
            return Err(Refusal::internal());
        }
        Ok(saved)
    }

    /// Opens a new session and returns its name.
    pub(super) fn begin(&self) -> String {
        let session = new_id("session");
        self.lock().open.insert(session.clone());
        session
    }

    /// Notes that the socket of a session is closed.
    pub(super) fn close(&self, session: &str) {
        self.lock().open.remove(session);
    }

    /// Forgets what all handles stand for.
    pub(super) fn forget(&self) {
        let mut table = self.lock();
        table.saved.clear();
        table.oldest_first.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "models/gemini-3.8-live";

    #[test]
    fn a_session_cannot_be_gone_on_with_while_its_socket_is_open() {
        let sessions = Sessions::default();
        let session = sessions.begin();
        let handle = sessions.save(&session, MODEL, &[Entry::typed("Hello")]);
        assert_eq!(sessions.resume(&handle, MODEL).unwrap_err().code, 1011);
        sessions.close(&session);
        let resumed = sessions.resume(&handle, MODEL).unwrap();
        assert_eq!(resumed.session, session);
        assert_eq!(resumed.context.len(), 1);
    }

    #[test]
    fn an_unknown_handle_and_another_model_are_refused() {
        let sessions = Sessions::default();
        let handle = sessions.save("gone", MODEL, &[]);
        assert_eq!(
            sessions.resume(&handle, "models/other").unwrap_err().code,
            1007
        );
        let refusal = sessions.resume("unknown", MODEL).unwrap_err();
        assert_eq!(refusal, Refusal::not_found());
    }

    #[tokio::test(start_paused = true)]
    async fn a_handle_lasts_two_hours() {
        let sessions = Sessions::default();
        let handle = sessions.save("gone", MODEL, &[]);
        tokio::time::advance(VALID_FOR).await;
        assert!(sessions.resume(&handle, MODEL).is_err());
    }
}
