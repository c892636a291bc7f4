//! `/sessions/default/usage`

use axum::Json;
use axum::extract::{Query, State};
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answers::{UsageAnswer, UsageOfConversation, UsageOfDay, UsageReport};
use super::domain::{Report, beginning_of, zone_of};
use super::store;
use crate::app::AppState;
use crate::auth::Learner;
use crate::error::ApiError;

/// How many days are shown without a wish, and at most.
const USUAL_DAYS: u64 = 30;
const MOST_DAYS: i64 = 366;

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
pub struct UsageParams {
    /// The first day, such as 2026-11-01; thirty days up to `to` if it is left out.
    #[param(value_type = Option<NaiveDate>)]
    from: Option<String>,
    /// The last day; today if it is left out.
    #[param(value_type = Option<NaiveDate>)]
    to: Option<String>,
}

/// Returns what the learner's conversations cost: by conversation, by day in the learner's time zone, and in all.
///
/// # Errors
/// 422 for days that are none, in the wrong order, or more than a year.
#[utoipa::path(
    get,
    path = "/sessions/default/usage",
    tag = "sessions",
    params(UsageParams),
    responses((status = 200, body = UsageReport))
)]
pub async fn show(
    State(app): State<AppState>,
    learner: Learner,
    Query(params): Query<UsageParams>,
) -> Result<Json<UsageReport>, ApiError> {
    let zone = zone_of(&learner.time_zone);
    let today = app.clock.now().with_timezone(&zone).date_naive();
    let (from, to) = params.parse(today)?;
    let until = beginning_of(to + Days::new(1), zone);
    let quarters = store::quarters(&app.pool, learner.id, beginning_of(from, zone), until).await?;
    let report = Report::of(&quarters, zone);
    let currency = app.config.spending.prices.currency();
    let days = report.days.into_iter();
    let conversations = report.conversations.into_iter();
    Ok(Json(UsageReport {
        from,
        to,
        time_zone: zone.name().to_owned(),
        total: UsageAnswer::new(report.total, currency),
        days: days
            .map(|(date, sum)| UsageOfDay {
                date,
                usage: UsageAnswer::new(sum, currency),
            })
            .collect(),
        conversations: conversations
            .map(|(conversation_id, sum)| UsageOfConversation {
                conversation_id,
                usage: UsageAnswer::new(sum, currency),
            })
            .collect(),
    }))
}

impl UsageParams {
    fn parse(&self, today: NaiveDate) -> Result<(NaiveDate, NaiveDate), ApiError> {
        let to = day("to", self.to.as_deref())?.unwrap_or(today);
        let from = match day("from", self.from.as_deref())? {
            Some(from) => from,
            None => to - Days::new(USUAL_DAYS - 1),
        };
        let days = (to - from).num_days();
        if !(0..MOST_DAYS).contains(&days) {
            return Err(ApiError::invalid_field(
                "from",
                "out_of_range",
                "must be a day before `to`, at most a year",
            ));
        }
        Ok((from, to))
    }
}

/// Days that no calendar in use holds are none: nothing can be added to them.
fn day(field: &str, text: Option<&str>) -> Result<Option<NaiveDate>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let sensible = |day: &NaiveDate| (2000..3000).contains(&chrono::Datelike::year(day));
    match text.parse::<NaiveDate>().ok().filter(sensible) {
        Some(day) => Ok(Some(day)),
        None => Err(ApiError::invalid_field(
            field,
            "invalid_date",
            "must be a day such as 2026-11-21",
        )),
    }
}
