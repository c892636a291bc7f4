//! Lists, a page at a time: newest first, by ids that grow with time.

use std::str::FromStr;

use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::error::ApiError;

const PAGE: i64 = 20;
const LARGEST_PAGE: i64 = 100;

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
pub struct PageParams {
    /// How many, 1 to 100; 20 if it is left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

impl PageParams {
    /// Returns how many are wanted, and from below which.
    ///
    /// # Errors
    /// 422 for a limit or a cursor that is none.
    pub fn parse(&self) -> Result<(i64, Option<Uuid>), ApiError> {
        let limit = parse_limit(self.limit.as_deref())?;
        Ok((limit, parse_cursor(self.cursor.as_deref())?))
    }
}

/// Returns how many are wanted.
///
/// # Errors
/// 422 for a limit that is none.
pub fn parse_limit(limit: Option<&str>) -> Result<i64, ApiError> {
    let Some(limit) = limit else { return Ok(PAGE) };
    limit
        .parse()
        .ok()
        .filter(|limit| (1..=LARGEST_PAGE).contains(limit))
        .ok_or_else(|| {
            ApiError::invalid_field("limit", "out_of_range", "must be a number from 1 to 100")
        })
}

/// Returns from where to go on.
///
/// # Errors
/// 422 for a cursor that is none.
pub fn parse_cursor<T: FromStr>(cursor: Option<&str>) -> Result<Option<T>, ApiError> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let place = cursor.parse().map_err(|_| {
        ApiError::invalid_field(
            "cursor",
            "invalid_cursor",
            "must be a next_cursor of this list",
        )
    })?;
    Ok(Some(place))
}

/// Cuts what was found with a limit of one more to the page, and returns the cursor of the next one.
#[must_use]
pub fn page<T>(mut found: Vec<T>, limit: i64, id: impl Fn(&T) -> Uuid) -> (Vec<T>, Option<String>) {
    let has_more = i64::try_from(found.len()).is_ok_and(|count| count > limit);
    if has_more {
        found.pop();
    }
    let next_cursor = found
        .last()
        .filter(|_| has_more)
        .map(|last| id(last).to_string());
    (found, next_cursor)
}
