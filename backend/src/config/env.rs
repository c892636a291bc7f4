//! The environment as a map, so that `avaaz dev` and tests can add what they started themselves.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use secrecy::SecretString;

use super::ConfigError;

/// Names and values. Values may be secrets: it has no `Debug`.
#[derive(Clone, Default)]
pub struct Env(HashMap<String, String>);

impl Env {
    /// Returns the environment of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
        )
    }

    /// Returns an environment that holds just this.
    #[must_use]
    pub fn of<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// Returns what is given and not empty: an empty variable counts as not set, as compose files write them.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// Sets a variable for whoever reads this environment; the process's own stays as it is.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Sets a variable that is not set.
    pub fn set_default(&mut self, name: &str, value: impl Into<String>) {
        if self.get(name).is_none() {
            self.set(name, value);
        }
    }

    pub(super) fn reader(&self) -> Reader<'_> {
        Reader {
            env: self,
            problems: RefCell::default(),
        }
    }
}

/// Reads values and collects what is wrong with them.
pub(super) struct Reader<'a> {
    env: &'a Env,
    problems: RefCell<Vec<String>>,
}

impl Reader<'_> {
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.env.get(name).map(str::to_owned)
    }

    pub(super) fn secret(&self, name: &str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    /// A value that must be there; `why` says what to do about it.
    pub(super) fn required(&self, name: &str, why: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.refuse(format!("{name} is not set: {why}."));
            String::new()
        })
    }

    pub(super) fn parsed<T>(&self, name: &str, default: T) -> T
    where
        T: FromStr,
        T::Err: Display,
    {
        match self.env.get(name).map(str::parse) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(error)) => {
                self.refuse(format!("{name} cannot be read: {error}."));
                default
            }
        }
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> bool {
        match self.env.get(name) {
            None => default,
            Some("1" | "true" | "on" | "yes") => true,
            Some("0" | "false" | "off" | "no") => false,
            Some(other) => {
                self.refuse(format!("{name} is {other:?}; it must be on or off."));
                default
            }
        }
    }

    pub(super) fn refuse(&self, sentence: impl Into<String>) {
        self.problems.borrow_mut().push(sentence.into());
    }

    pub(super) fn finish<T>(self, config: T) -> Result<T, ConfigError> {
        let problems = self.problems.into_inner();
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError(problems))
        }
    }
}
