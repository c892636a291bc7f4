//! What conversations cost, written down, and what their tutors are told of it.

use std::time::Duration;

use avaaz_agent::host::{Lease, Notice, UsageRecord};
use avaaz_tutor::Spending;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Shared, Written, lease};
use crate::usage::domain::zone_of;
use crate::usage::store::{self, Since};

/// Time enough to say why there is none.
const TO_SAY_GOODBYE: Duration = Duration::from_secs(30);

/// Writes an account with its price, and tells the tutor when that reaches a cap.
pub(super) async fn record(
    shared: &Shared,
    lease: Lease,
    usage: UsageRecord,
) -> sqlx::Result<Written> {
    let day = DateTime::<Utc>::from(usage.at).date_naive();
    let prices = &shared.spending.prices;
    let cost = prices.cost_micros(&usage.provider, &usage.model, day, &usage.usage);
    let mut transaction = shared.pool.begin().await?;
    if !lease::lock_held(&mut transaction, lease).await? {
        return Ok(Written::LeaseLost);
    }
    store::insert(&mut transaction, lease.conversation, &usage, cost).await?;
    transaction.commit().await?;
    Ok(Written::Done)
}

/// Tells a conversation's tutor how much of the caps on money is spent, if it is much.
pub(super) async fn tell(shared: &Shared, conversation: Uuid) -> sqlx::Result<()> {
    let mut connection = shared.pool.acquire().await?;
    if let Some(spending) = spent(shared, &mut connection, conversation).await? {
        shared.inbox.put(Notice::Spent {
            conversation,
            spending,
        });
    }
    Ok(())
}

/// Returns how much of the caps on money is spent, if it is much.
pub(super) async fn spent(
    shared: &Shared,
    connection: &mut PgConnection,
    conversation: Uuid,
) -> sqlx::Result<Option<Spending>> {
    let caps = &shared.spending.caps;
    if !caps.limit_money() {
        return Ok(None);
    }
    let Some((learner, since)) = today(connection, conversation).await? else {
        return Ok(None);
    };
    let spent = store::money_spent(connection, conversation, learner, since).await?;
    Ok(caps.spending(spent))
}

/// Returns how long a conversation may take in all, under the caps on time and the limit that holds for each.
pub(super) async fn time_limit(
    shared: &Shared,
    connection: &mut PgConnection,
    conversation: Uuid,
) -> sqlx::Result<Duration> {
    let (caps, limit) = (&shared.spending.caps, shared.terms.time_limit);
    if !caps.limit_time() {
        return Ok(limit);
    }
    let Some((learner, since)) = today(connection, conversation).await? else {
        return Ok(limit);
    };
    let spent = store::time_spent(connection, conversation, learner, since).await?;
    let left = caps.time_left(spent);
    Ok(left.map_or(limit, |left| {
        limit.min(spent.conversation + left.max(TO_SAY_GOODBYE))
    }))
}

async fn today(
    connection: &mut PgConnection,
    conversation: Uuid,
) -> sqlx::Result<Option<(Uuid, Since)>> {
    let Some((learner, zone)) = store::learner_of(connection, conversation).await? else {
        return Ok(None);
    };
    Ok(Some((learner, Since::today(Utc::now(), zone_of(&zone)))))
}
