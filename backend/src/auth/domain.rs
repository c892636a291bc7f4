//! What accounts are made of, parsed at the door, and the rules of refresh tokens.

use std::fmt;
use std::str::FromStr as _;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use oxilangtag::LanguageTag;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

/// The longest address that mail can carry.
const EMAIL_MAX_BYTES: usize = 254;
const PASSWORD_MIN_CHARS: usize = 8;
const PASSWORD_MAX_CHARS: usize = 256;
const NAME_MAX_CHARS: usize = 200;
/// The longest tag that RFC 5646 recommends to support.
const LANGUAGE_MAX_BYTES: usize = 35;

/// What is wrong with a text: a stable word, and the same for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Stable.
    pub code: &'static str,
    /// For people.
    pub detail: &'static str,
}

const fn refused<T>(code: &'static str, detail: &'static str) -> Result<T, Refused> {
    Err(Refused { code, detail })
}

/// An e-mail address in lower case, so that one address is one account. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Parses what a person typed.
    ///
    /// # Errors
    /// When it is no address of ASCII characters. (Domains of other scripts have an ASCII form, which mail uses too.)
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let text = text.trim();
        if text.is_empty() {
            return refused("required", "is missing");
        }
        if text.len() > EMAIL_MAX_BYTES {
            return refused("too_long", "is longer than an e-mail address can be");
        }
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_plain || email_address::EmailAddress::from_str(text).is_err() {
            return refused("invalid_email", "is not an e-mail address");
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// Returns the address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(..)")
    }
}

/// A new password.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

impl Password {
    /// Parses what a person chose. Spaces count: nothing is trimmed.
    ///
    /// # Errors
    /// When it is too short or too long.
    pub fn parse(text: SecretString) -> Result<Self, Refused> {
        match text.expose_secret().chars().count() {
            0 => refused("required", "is missing"),
            1..PASSWORD_MIN_CHARS => refused("too_short", "must have at least 8 characters"),
            PASSWORD_MIN_CHARS..=PASSWORD_MAX_CHARS => Ok(Self(text)),
            _ => refused("too_long", "must have at most 256 characters"),
        }
    }

    /// Parses what is offered as an existing password: rules may have changed since it was chosen, only its size is bounded.
    ///
    /// # Errors
    /// When it is missing, or longer than any password.
    pub fn parse_offered(text: SecretString) -> Result<Self, Refused> {
        match text.expose_secret().chars().count() {
            0 => refused("required", "is missing"),
            1..=PASSWORD_MAX_CHARS => Ok(Self(text)),
            _ => refused("too_long", "must have at most 256 characters"),
        }
    }

    /// Returns the bytes to hash.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

/// What a learner is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    /// Parses what a person typed.
    ///
    /// # Errors
    /// When it is empty, too long, or holds control characters.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let text = text.trim();
        if text.is_empty() {
            return refused("required", "is missing");
        }
        if text.chars().count() > NAME_MAX_CHARS {
            return refused("too_long", "must have at most 200 characters");
        }
        if text.chars().any(char::is_control) {
            return refused(
                "invalid_characters",
                "holds characters that cannot be shown",
            );
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Parses the name of a time zone, such as `Europe/Lisbon`, and returns it.
///
/// # Errors
/// When there is none of that name.
pub fn parse_time_zone(text: &str) -> Result<&'static str, Refused> {
    match text.trim().parse::<Tz>() {
        Ok(zone) => Ok(zone.name()),
        Err(_) => refused(
            "unknown_time_zone",
            "is not the name of a time zone, such as Europe/Lisbon",
        ),
    }
}

/// Parses a BCP 47 language tag and returns its usual spelling.
///
/// # Errors
/// When it is none.
pub fn parse_language(text: &str) -> Result<String, Refused> {
    match LanguageTag::parse_and_normalize(text.trim()) {
        Ok(tag) if tag.as_str().len() <= LANGUAGE_MAX_BYTES => Ok(tag.into_inner()),
        _ => refused(
            "invalid_language",
            "is not a language tag, such as en or pt-BR",
        ),
    }
}

/// A learner's account.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: Uuid,
    /// In lower case.
    pub email: String,
    /// What the learner is called.
    pub display_name: String,
    /// Where days begin and end for them.
    pub time_zone: String,
    /// The language of the web app.
    pub ui_language: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A refresh token as it is stored, with the family it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
    /// Whether it was turned in before.
    pub is_used: bool,
    /// Why its family was revoked, if it was.
    pub revoked_reason: Option<String>,
}

/// What to do with a refresh token that is turned in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Give a new one.
    Rotate,
    /// It was used before: two have it, and one of them may have stolen it. Revoke the family.
    Reused,
    /// Its family was revoked since a token of it was used twice.
    RevokedByReuse,
    /// Its family was revoked: signed out, or the password was changed.
    Revoked,
    /// It is too old.
    Expired,
}

impl StoredToken {
    /// Judges a token that is turned in now.
    #[must_use]
    pub fn judge(&self, now: DateTime<Utc>) -> Verdict {
        match self.revoked_reason.as_deref() {
            Some("reused") => Verdict::RevokedByReuse,
            Some(_) => Verdict::Revoked,
            None if self.is_used => Verdict::Reused,
            None if self.expires_at <= now => Verdict::Expired,
            None => Verdict::Rotate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_is_one_account_however_it_is_typed() {
        assert_eq!(
            EmailAddress::parse("  Ada@Example.ORG ").unwrap(),
            EmailAddress::parse("ada@example.org").unwrap()
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            " ",
            "ada",
            "@example.org",
            "ada@",
            "ada@@example.org",
            "a b@example.org",
            "ada\u{0}@example.org",
            "ä@example.org",
        ] {
            assert!(EmailAddress::parse(text).is_err(), "{text:?}");
        }
        assert!(EmailAddress::parse(&format!("{}@example.org", "a".repeat(300))).is_err());
    }

    #[test]
    fn addresses_and_passwords_are_not_shown() {
        assert!(!format!("{:?}", EmailAddress::parse("ada@example.org").unwrap()).contains("ada"));
        assert!(
            !format!(
                "{:?}",
                Password::parse("correct horse".to_owned().into()).unwrap()
            )
            .contains("horse")
        );
    }

    #[test]
    fn a_password_has_from_8_to_256_characters() {
        let parse = |text: String| Password::parse(text.into()).map_err(|refused| refused.code);
        assert_eq!(parse("1234567".into()).unwrap_err(), "too_short");
        assert!(parse("12345678".into()).is_ok());
        assert!(parse("ü".repeat(256)).is_ok());
        assert_eq!(parse("x".repeat(257)).unwrap_err(), "too_long");
    }

    #[test]
    fn a_name_can_be_of_any_script_but_not_of_control_characters() {
        assert_eq!(DisplayName::parse(" ادا ").unwrap().as_str(), "ادا");
        assert_eq!(
            DisplayName::parse("A\u{0}da").unwrap_err().code,
            "invalid_characters"
        );
        assert_eq!(DisplayName::parse("\t").unwrap_err().code, "required");
    }

    #[test]
    fn only_known_zones_are_taken_and_languages_get_their_usual_spelling() {
        assert_eq!(parse_time_zone(" Europe/Lisbon ").unwrap(), "Europe/Lisbon");
        assert!(parse_time_zone("Mars/Olympus").is_err());
        assert_eq!(parse_language("PT-br").unwrap(), "pt-BR");
        assert!(parse_language("not a language").is_err());
    }

    #[test]
    fn a_refresh_token_is_judged_by_its_family_first() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let later = now + chrono::TimeDelta::seconds(1);
        let token = |is_used, expires_at, revoked: Option<&str>| StoredToken {
            expires_at,
            is_used,
            revoked_reason: revoked.map(str::to_owned),
        };
        assert_eq!(token(false, later, None).judge(now), Verdict::Rotate);
        assert_eq!(token(false, now, None).judge(now), Verdict::Expired);
        assert_eq!(token(true, later, None).judge(now), Verdict::Reused);
        assert_eq!(token(true, now, None).judge(now), Verdict::Reused);
        assert_eq!(
            token(false, later, Some("reused")).judge(now),
            Verdict::RevokedByReuse
        );
        assert_eq!(
            token(true, later, Some("logout")).judge(now),
            Verdict::Revoked
        );
    }
}
