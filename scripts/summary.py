"""Reads how many tests passed and failed, and which failed, from what a test runner prints."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


# What belongs to the first line of an error: the two values that were compared, and where one was looked for.
VALUES = re.compile(r"(?:left|right|Expected|Received|Locator)\b[^:]*: *\S")
LENGTH_OF_A_FAILURE = 240


class Tally(NamedTuple):
    passed: int
    failed: int
    # One line for each failed test: its name, and how its error begins.
    failures: tuple[str, ...] = ()

    def __add__(self, other: "Tally") -> "Tally":  # type: ignore[override]
        return Tally(self.passed + other.passed, self.failed + other.failed, self.failures + other.failures)


def cargo(text: str) -> Tally:
    """`test result: ok. 12 passed; 0 failed; ...`, once for each binary; a binary that died failed once more."""
    tally = Tally(0, 0)
    for output, passed, failed in re.findall(r"(.*?)^test result: \w+\. (\d+) passed; (\d+) failed;", text, re.MULTILINE | re.DOTALL):
        tally += Tally(int(passed), int(failed), _failures_of_a_binary(output))
    died = re.findall(r"^error: test failed, to rerun pass `(.+)`\n\nCaused by:\n +(.+)", text, re.MULTILINE)
    return tally + Tally(0, len(died), tuple(_line("", name, [cause]) for name, cause in died))


def _failures_of_a_binary(output: str) -> tuple[str, ...]:
    names = re.findall(r"^failures:\n((?:    .+\n)+)", output, re.MULTILINE)
    parts = re.split(r"^---- (.+) stdout ----\n", output, flags=re.MULTILINE)
    printed = dict(zip(parts[1::2], parts[2::2]))
    return tuple(_panic(name.strip(), printed.get(name.strip(), "")) for name in (names[-1].splitlines() if names else []))


def _panic(name: str, printed: str) -> str:
    panics = re.findall(r"^thread '(.+?)' (?:\(\d+\) )?panicked at (.+:\d+):\d+:\n((?:(?!stack backtrace:|note: ).+\n?)*)",
                        printed, re.MULTILINE)
    own = [panic for panic in panics if panic[0] == name] or panics
    if own:
        _, place, message = own[0]
        return _line("" if place.startswith("/") else place, name, message.splitlines())
    return _line("", name, re.split(r"^failures:$", printed, flags=re.MULTILINE)[0].splitlines())


def pytest(text: str) -> Tally:
    """The closing line between `=` signs, or bare with `-q`; an error counts as a failure."""
    lines = re.findall(r"^=* ?((?:\d+ \w+,? ?)+)in [\d.]+s", text, re.MULTILINE)
    tally = _counts(lines[-1] if lines else "", passed=("passed", "xfailed"), failed=("failed", "error", "errors", "xpassed"))
    parts = re.split(r"^_+ (.+) _+\n", text, flags=re.MULTILINE)
    errors = {title: re.findall(r"^E +(.+)", printed, re.MULTILINE) for title, printed in zip(parts[1::2], parts[2::2])}

    def failure(word: str, name: str, message: str) -> str:
        test = ".".join(name.split("::")[1:])
        titles = (test,) if word == "FAILED" else (f"ERROR at setup of {test}", f"ERROR at teardown of {test}", f"ERROR collecting {name}")
        # The line of the summary is cut to the width of a terminal; the error itself is whole.
        return _line("", name, next((errors[title][:1] for title in titles if errors.get(title)), [message]))

    named = re.findall(r"^(FAILED|ERROR) (\S+\.py\S*(?:\[.*\])?)(?: - (.*))?$", text, re.MULTILINE)
    return tally._replace(failures=tuple(failure(*each) for each in named))


def vitest(text: str) -> Tally:
    """`Tests  1 failed | 12 passed (13)`, and ` FAIL  file > test` above the error, which several tests may share."""
    lines = re.findall(r"^\s*Tests\s+(.*)$", text, re.MULTILINE)
    named = [_line("", name, [error])
             for names, error in re.findall(r"((?:^ FAIL  .+\n)+)(.*)", text, re.MULTILINE)
             for name in re.findall(r"^ FAIL  (.+?)(?: \[ .+ \])?$", names, re.MULTILINE)]
    outside = re.findall(r"^⎯+ (Un\w+ (?:Rejection|Exception|Error)) ⎯+\n(.*)", text, re.MULTILINE)
    tally = _counts(lines[-1] if lines else "", passed=("passed",), failed=("failed",))
    return tally._replace(failures=(*named, *(_line("", name, [error]) for name, error in outside)))


def playwright(text: str) -> Tally:
    """Closing lines, one count each. A test that did not run, or passed only at a second try, did not pass."""
    tail = "\n".join(re.findall(r"^\s*(\d+ (?:passed|failed|flaky|interrupted|did not run))\b", text, re.MULTILINE))
    tally = _counts(tail, passed=("passed",), failed=("failed", "flaky", "interrupted", "did not run"))
    parts = re.split(r"^  \d+\) (?:\[.+?\] › )?(\S+:\d+):\d+ › (.+?)[ ─]*\n", text, flags=re.MULTILINE)
    # The error ends where its place in the source begins, or the next try, or the list of what failed.
    end = re.compile(r"^\s*>?\s*\d+ \||^    (?:at |Error Context:|Retry #)|^  \d+ ", re.MULTILINE)
    named = [_line(place, name, end.split(printed)[0].splitlines()) for place, name, printed in zip(parts[1::3], parts[2::3], parts[3::3])]
    return tally._replace(failures=tuple(named))


def unittest(text: str) -> Tally:
    """`Ran 9 tests in 0.1s`, then `OK` or `FAILED (failures=1, errors=1)`."""
    ran = re.findall(r"^Ran (\d+) tests? in", text, re.MULTILINE)
    bad = re.findall(r"^FAILED \((.*)\)", text, re.MULTILINE)
    failed = sum(int(count) for count in re.findall(r"(?:failures|errors)=(\d+)", bad[-1])) if bad else 0
    parts = re.split(r"^={70}\n(?:FAIL|ERROR): (.+)\n", text, flags=re.MULTILINE)
    # The last traceback is the one that nobody caught; below its indented lines stands the error.
    uncaught = [printed.rpartition("Traceback (most recent call last):\n")[2] for printed in parts[2::2]]
    named = tuple(_line("", name, re.findall(r"^\S.*", printed, re.MULTILINE)[:1]) for name, printed in zip(parts[1::2], uncaught))
    return Tally(max(0, int(ran[-1]) - failed), failed, named) if ran else Tally(0, 0, named)


def _counts(text: str, passed: tuple[str, ...], failed: tuple[str, ...]) -> Tally:
    def total(words: tuple[str, ...]) -> int:
        return sum(int(count) for count in re.findall(rf"(\d+) (?:{'|'.join(words)})\b", text))
    return Tally(total(passed), total(failed))


def _line(place: str, name: str, error: list[str]) -> str:
    """`[place] name: how the error begins; the values that were compared`."""
    told = [" ".join(line.split()) for line in error if line.strip()]
    told = told[:1] + [line for line in told[1:] if VALUES.match(line)]
    line = (f"[{place}] " if place else "") + name + (f": {'; '.join(told)}" if told else "")
    return line if len(line) <= LENGTH_OF_A_FAILURE else line[:LENGTH_OF_A_FAILURE - 1] + "…"


def last_words(text: str) -> tuple[str, ...]:
    """What a failure says that names no test: the first errors of a compiler, else its last three lines."""
    errors = re.findall(r"^(error(?:\[\w+\])?: .+)\n +--> (\S+)", text, re.MULTILINE)
    lines = [line for line in text.replace("\r", "\n").splitlines() if line.strip()]
    return tuple(_line(place, error, []) for error, place in errors[:3]) or tuple(_line("", line.strip(), []) for line in lines[-3:])


def judge(read: Callable[[str], Tally] | None, text: str, exit_code: int) -> Tally:
    """A runner that ended badly without naming a failed test failed once; so did one that ran no test. A bare command counts as one."""
    text = ESCAPES.sub("", text)
    if read is None:
        tally = Tally(1, 0) if exit_code == 0 else Tally(0, 1)
    else:
        tally = read(text)
        if tally.failed == 0 and (exit_code != 0 or tally.passed == 0):
            tally += Tally(0, 1)
    return tally._replace(failures=(tally.failures or last_words(text)) if tally.failed else ())
