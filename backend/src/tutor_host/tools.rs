//! What the tutor's model may do here: change how long the tutor waits for its learner.

use avaaz_agent::host::Lease;
use avaaz_tutor::ToolOffer;
use serde::Deserialize;
use serde_json::json;

use super::{Shared, Written, lease};
use crate::sessions::domain::{Patience, Settings};
use crate::sessions::store;

const SET_PATIENCE: &str = "set_patience";

/// Returns what is offered.
pub(super) fn offers() -> Vec<ToolOffer> {
    let parameters = json!({
        "type": "object",
        "properties": {
            "patience": {
                "type": "string",
                "enum": Patience::WORDS,
                "description": "patient: the learner may pause for some seconds in mid-sentence; normal: the usual; quick: answer at once",
            },
        },
        "required": ["patience"],
        "additionalProperties": false,
    });
    vec![ToolOffer {
        name: SET_PATIENCE.to_owned(),
        description: "Sets how long you wait for a learner who pauses. Call it when the learner asks for more time, says that you \
                      interrupt them, or wants quicker answers. It holds for this and later conversations."
            .to_owned(),
        parameters: parameters.to_string(),
    }]
}

/// A call that was understood.
pub(super) enum Wanted {
    Patience(Patience),
}

/// Reads what the model wrote.
///
/// # Errors
/// What is wrong with it, in words for the model.
pub(super) fn read(name: &str, arguments: &str) -> Result<Wanted, String> {
    #[derive(Deserialize)]
    struct Arguments {
        patience: Patience,
    }
    if name != SET_PATIENCE {
        return Err("there is no such tool".to_owned());
    }
    serde_json::from_str(arguments)
        .map(|Arguments { patience }| Wanted::Patience(patience))
        .map_err(|_| format!("patience must be one of {}", Patience::WORDS.join(", ")))
}

impl Wanted {
    /// Returns the result that the model is told.
    pub(super) fn result(&self) -> String {
        match self {
            Self::Patience(patience) => json!({"patience": patience.as_str()}).to_string(),
        }
    }
}

/// Carries it out, under the lease. Doing it twice changes nothing.
pub(super) async fn carry_out(
    shared: &Shared,
    lease: Lease,
    wanted: &Wanted,
) -> sqlx::Result<Written> {
    let mut transaction = shared.pool.begin().await?;
    let found = lease::find_session(&mut transaction, lease.conversation).await?;
    let Some((session, _)) = found else {
        return Ok(Written::LeaseLost);
    };
    // In the order in which a change by the learner locks them.
    let settings = store::lock(&mut transaction, session).await?.settings;
    if !lease::lock_held(&mut transaction, lease).await? {
        return Ok(Written::LeaseLost);
    }
    let Wanted::Patience(patience) = *wanted;
    if settings.patience != patience {
        let settings = Settings {
            patience,
            ..settings
        };
        store::save_settings(&mut transaction, session, &settings).await?;
    }
    transaction.commit().await?;
    Ok(Written::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_the_contract_is_understood() {
        let read = read("set_patience", r#"{"patience":"patient","why":"asked"}"#);
        assert!(matches!(read, Ok(Wanted::Patience(Patience::Patient))));
    }

    #[test]
    fn nonsense_is_told_apart_and_answered() {
        for nonsense in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"patience":9}"#,
            r#"{"patience":"saintly"}"#,
            "{\"patience",
        ] {
            let refused = read("set_patience", nonsense).err().unwrap();
            assert_eq!(refused, "patience must be one of patient, normal, quick");
        }
        assert!(read("drop_tables", "{}").is_err());
    }
}
