//! Waiting for a moment that may not have been set.

use tokio::time::{Instant, sleep_until};

/// Waits until then; for ever while there is no such moment. Cancel-safe.
pub(crate) async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_moment_is_waited_for_and_no_longer() {
        let begun = Instant::now();
        at(Some(begun + Duration::from_secs(3))).await;
        assert_eq!(begun.elapsed().as_secs(), 3);
        at(Some(begun)).await;
        assert_eq!(begun.elapsed().as_secs(), 3, "it was over already");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_moment_the_wait_has_no_end() {
        assert!(
            timeout(Duration::from_secs(86_400), at(None))
                .await
                .is_err()
        );
    }
}
