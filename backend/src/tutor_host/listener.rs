//! One connection that listens for what changes outside the runtime, and says it to the runtime. As long as it stands, it also
//! says to others that the runtime lives: a process that is killed loses it at once.

use std::sync::Arc;
use std::time::Duration;

use avaaz_agent::host::{HostError, Lease, Notice};
use futures_util::future::join_all;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};
use uuid::Uuid;

use super::lease::{self, Kept};
use super::{Held, Shared};
use crate::conversations::store::{ConversationChanged, WorkMayWait};
use crate::memory;

const RECONNECT_AFTER: Duration = Duration::from_millis(500);

/// Listens, and looks for work on a clock of its own, until it is aborted.
pub(super) async fn run(shared: Arc<Shared>) {
    tokio::join!(listen(&shared), poll(&shared));
}

/// Work must also be found while nothing can be heard.
async fn poll(shared: &Shared) {
    let mut ticks = interval(shared.terms.poll_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        shared.inbox.put(Notice::WorkMayWait);
    }
}

async fn listen(shared: &Shared) {
    let mut listening = None;
    let mut runtimes = shared.runtimes.subscribe();
    loop {
        match hear(shared, &mut listening, &mut runtimes).await {
            Heard::WorkMayWait => shared.inbox.put(Notice::WorkMayWait),
            Heard::Changed(conversation) => {
                let held = shared.held().get(&conversation).copied();
                if let Some(held) = held {
                    check(shared, vec![held.lease]).await;
                }
            }
            Heard::Again => {
                let held = shared
                    .held()
                    .values()
                    .map(|held| held.lease)
                    .collect::<Vec<_>>();
                check(shared, held).await;
                shared.inbox.put(Notice::WorkMayWait);
            }
        }
    }
}

enum Heard {
    WorkMayWait,
    Changed(Uuid),
    /// The connection is new: what was said meanwhile was not heard.
    Again,
}

async fn hear(
    shared: &Shared,
    listening: &mut Option<PgListener>,
    runtimes: &mut watch::Receiver<Vec<Uuid>>,
) -> Heard {
    loop {
        let Some(listener) = listening else {
            let living = runtimes.borrow_and_update().clone();
            match connect(shared, &living).await {
                Ok(listener) => {
                    *listening = Some(listener);
                    return Heard::Again;
                }
                Err(error) => {
                    tracing::debug!(%error, "cannot listen for changes yet");
                    sleep(RECONNECT_AFTER).await;
                    continue;
                }
            }
        };
        let heard = tokio::select! {
            heard = listener.try_recv() => heard,
            Ok(()) = runtimes.changed() => {
                let living = runtimes.borrow_and_update().clone();
                if hold_lives(listener, &living).await.is_err() {
                    *listening = None;
                }
                continue;
            }
        };
        match heard {
            Ok(Some(heard)) if heard.channel() == WorkMayWait::CHANNEL => {
                return Heard::WorkMayWait;
            }
            Ok(Some(heard)) => {
                if let Ok(conversation) = heard.payload().parse() {
                    return Heard::Changed(conversation);
                }
            }
            Ok(None) | Err(_) => *listening = None,
        }
    }
}

async fn connect(shared: &Shared, living: &[Uuid]) -> sqlx::Result<PgListener> {
    let mut listener = PgListener::connect_with(&shared.pool).await?;
    listener
        .listen_all([WorkMayWait::CHANNEL, ConversationChanged::CHANNEL])
        .await?;
    hold_lives(&mut listener, living).await?;
    Ok(listener)
}

/// A lock that is held already is held twice, which does no harm: all of them end with the connection.
async fn hold_lives(listener: &mut PgListener, living: &[Uuid]) -> sqlx::Result<()> {
    for runtime in living {
        lease::hold_life(&mut *listener, *runtime).await?;
    }
    Ok(())
}

/// Reads again what the runtime holds, and says what is new.
async fn check(shared: &Shared, leases: Vec<Lease>) {
    if leases.is_empty() {
        return;
    }
    let Ok(kept) = shared.reach(lease::read(&shared.pool, &leases)).await else {
        return;
    };
    for lost in leases
        .iter()
        .filter(|lease| !kept.iter().any(|kept| kept.lease == **lease))
    {
        // Released or ended by the runtime itself meanwhile: it knows.
        if shared
            .held()
            .get(&lost.conversation)
            .is_some_and(|held| held.lease == *lost)
        {
            shared.forget(*lost);
            shared.inbox.put(Notice::LeaseLost {
                conversation: lost.conversation,
            });
        }
    }
    tell_changes(shared, kept).await;
}

/// Says what changed since the runtime was last told: of all conversations at once, so that nobody waits for the others.
pub(super) async fn tell_changes(shared: &Shared, kept: Vec<Kept>) {
    let telling = kept.into_iter().map(|kept| tell_change(shared, kept));
    for told in join_all(telling).await {
        if let Err(error) = told {
            tracing::debug!(%error, "changes are told with the next renewal");
        }
    }
}

async fn tell_change(shared: &Shared, kept: Kept) -> Result<(), HostError> {
    let conversation = kept.lease.conversation;
    let held = shared.held().get(&conversation).copied();
    let Some(held) = held.filter(|held| held.lease == kept.lease) else {
        return Ok(());
    };
    if let (Some(reason), false) = (kept.end_reason, held.end_told) {
        remember(
            shared,
            Held {
                end_told: true,
                ..held
            },
        );
        shared.inbox.put(Notice::EndRequested {
            conversation,
            reason,
        });
    } else if kept.settings_at != held.settings_at && kept.end_reason.is_none() {
        let read = shared.reach(lease::read_brief(&shared.pool, conversation));
        let Some((mut brief, provider)) = read.await? else {
            return Ok(());
        };
        // It takes its time, which says nothing about the database.
        memory::brief::remind(&shared.pool, &shared.keys, conversation, &mut brief).await;
        remember(
            shared,
            Held {
                settings_at: kept.settings_at,
                ..held
            },
        );
        shared.inbox.put(Notice::BriefChanged {
            conversation,
            brief: Box::new(brief),
            provider,
        });
    }
    Ok(())
}

fn remember(shared: &Shared, now: Held) {
    // The runtime may have given it back meanwhile; then there is nothing to remember.
    if let Some(held) = shared
        .held()
        .get_mut(&now.lease.conversation)
        .filter(|held| held.lease == now.lease)
    {
        *held = now;
    }
}
