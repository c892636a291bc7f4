//! All that is kept of a learner, as one ZIP.

use std::future::ready;

use axum::body::Body;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::mpsc;

use super::archive::{Archive, ExportError};
use super::{DOMAINS, Owner};
use crate::app::AppState;

/// What is in the archive, for whoever opens it.
const README: &str = include_str!("readme.txt");

/// Returns the archive as it is written: nothing is read ahead of whoever takes it, nothing of it touches the disk, and it is
/// given up with its connection. One that breaks off ends in an error, so that nobody takes a part for the whole.
pub(super) fn body(app: AppState, owner: Owner, now: DateTime<Utc>) -> Body {
    let (archive, parcels) = Archive::new(now);
    let writing = async move {
        let written = Box::pin(write(&app, owner, archive)).await;
        if let Err(error) = &written {
            tracing::warn!(user.id = %owner.id, %error, "an export breaks off");
        }
        written
    };
    let failure = Box::pin(writing)
        .into_stream()
        .filter_map(|written| ready(written.err().map(Err)));
    Body::from_stream(stream::select(taken(parcels), Box::pin(failure)))
}

async fn write(app: &AppState, owner: Owner, mut archive: Archive) -> Result<(), ExportError> {
    archive.begin("readme.txt").await?;
    archive.write(README).await?;
    for domain in DOMAINS {
        domain.export(app, owner, &mut archive).await?;
    }
    archive.finish().await
}

fn taken(
    parcels: mpsc::Receiver<Bytes>,
) -> impl stream::Stream<Item = Result<Bytes, ExportError>> + Send {
    Box::pin(stream::unfold(parcels, |mut parcels| async move {
        let parcel = parcels.recv().await?;
        Some((Ok(parcel), parcels))
    }))
}
