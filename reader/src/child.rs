//! The process that reads one document: the file on its standard input, the answer on its standard output.

use std::io::{Read as _, Write as _, stdin, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use crate::confine::confine;
use crate::{Failure, Kind, Limits, Reading, formats};

/// The longest answer that is written or worth reading.
pub const MAX_ANSWER_BYTES: u64 = 32 * 1024 * 1024;
/// What the process returns when it cannot be confined: then it has read nothing.
pub const NOT_CONFINED: u8 = 3;
/// What it says on its standard error when the kernel has no Landlock.
pub const WITHOUT_LANDLOCK: &str = "this kernel has no Landlock";

/// What the process says in the end, in JSON.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The document in passages.
    Read(Reading),
    /// There is nothing to read.
    Failed(Failure),
}

/// Reads the document on the standard input and answers.
///
/// It fails only when the process cannot be confined or nobody takes the answer. What a document does to a parser is an
/// answer, or the end of the process.
#[must_use]
pub fn main(kind: Kind, limits: Limits) -> ExitCode {
    // A panic's message may quote the document.
    std::panic::set_hook(Box::new(|_| ()));
    match confine(limits) {
        Ok(Some(_)) => {}
        Ok(None) => eprintln!("{WITHOUT_LANDLOCK}"),
        Err(error) => {
            eprintln!("this process cannot be confined: {error}");
            return ExitCode::from(NOT_CONFINED);
        }
    }
    let mut file = Vec::new();
    let answer = match stdin().lock().read_to_end(&mut file) {
        Ok(_) => read(kind, file),
        Err(_) => Answer::Failed(Failure::Damaged),
    };
    let said =
        serde_json::to_vec(&answer).is_ok_and(|answer| stdout().lock().write_all(&answer).is_ok());
    if said {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn read(kind: Kind, file: Vec<u8>) -> Answer {
    // A parser that panics has met something that its authors did not think of.
    match catch_unwind(AssertUnwindSafe(|| formats::read(kind, file))) {
        Ok(Ok(reading)) => Answer::Read(reading),
        Ok(Err(failure)) => Answer::Failed(failure),
        Err(_) => Answer::Failed(Failure::Damaged),
    }
}
