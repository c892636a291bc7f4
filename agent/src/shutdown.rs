//! The two steps of going away: first finish what is being said, then cut.

use tokio_util::sync::CancellationToken;

/// Says to everything that holds a clone how far the shutdown has come.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    begun: CancellationToken,
    cut: CancellationToken,
}

impl Shutdown {
    /// First step: take nothing new, finish what is being said, hand over.
    pub fn begin(&self) {
        self.begun.cancel();
    }

    /// Second step: stop now, and give back what is held.
    pub fn cut(&self) {
        self.begun.cancel();
        self.cut.cancel();
    }

    /// Returns whether the first step was taken.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.begun.is_cancelled()
    }

    /// Waits for the first step. Cancel-safe.
    pub async fn begun(&self) {
        self.begun.cancelled().await;
    }

    /// Waits for the second step. Cancel-safe.
    pub async fn is_cut(&self) {
        self.cut.cancelled().await;
    }

    /// Returns a token that the first step cancels.
    #[must_use]
    pub fn begun_token(&self) -> CancellationToken {
        self.begun.clone()
    }

    /// Returns a token that the second step cancels.
    #[must_use]
    pub fn cut_token(&self) -> CancellationToken {
        self.cut.clone()
    }
}
