"""Reads how many tests passed and failed from what a test runner prints."""

from __future__ import annotations

import re
from typing import NamedTuple

ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Tally(NamedTuple):
    passed: int
    failed: int

    def __add__(self, other: "Tally") -> "Tally":  # type: ignore[override]
        return Tally(self.passed + other.passed, self.failed + other.failed)


def cargo(text: str) -> Tally:
    """`test result: ok. 12 passed; 0 failed; ...`, once for each binary."""
    rows = re.findall(r"^test result: \w+\. (\d+) passed; (\d+) failed;", text, re.MULTILINE)
    return Tally(sum(int(passed) for passed, _ in rows), sum(int(failed) for _, failed in rows))


def pytest(text: str) -> Tally:
    """The closing line between `=` signs, or bare with `-q`; an error counts as a failure."""
    lines = re.findall(r"^=* ?((?:\d+ \w+,? ?)+)in [\d.]+s", text, re.MULTILINE)
    return _counts(lines[-1] if lines else "", passed=("passed", "xfailed"), failed=("failed", "error", "errors", "xpassed"))


def vitest(text: str) -> Tally:
    """`Tests  1 failed | 12 passed (13)`."""
    lines = re.findall(r"^\s*Tests\s+(.*)$", text, re.MULTILINE)
    return _counts(lines[-1] if lines else "", passed=("passed",), failed=("failed",))


def playwright(text: str) -> Tally:
    """Closing lines, one count each. A test that did not run, or passed only at a second try, did not pass."""
    tail = "\n".join(re.findall(r"^\s*(\d+ (?:passed|failed|flaky|interrupted|did not run))\b", text, re.MULTILINE))
    return _counts(tail, passed=("passed",), failed=("failed", "flaky", "interrupted", "did not run"))


def unittest(text: str) -> Tally:
    """`Ran 9 tests in 0.1s`, then `OK` or `FAILED (failures=1, errors=1)`."""
    ran = re.findall(r"^Ran (\d+) tests? in", text, re.MULTILINE)
    bad = re.findall(r"^FAILED \((.*)\)", text, re.MULTILINE)
    failed = sum(int(count) for count in re.findall(r"(?:failures|errors)=(\d+)", bad[-1])) if bad else 0
    return Tally(max(0, int(ran[-1]) - failed), failed) if ran else Tally(0, 0)


def _counts(text: str, passed: tuple[str, ...], failed: tuple[str, ...]) -> Tally:
    def total(words: tuple[str, ...]) -> int:
        return sum(int(count) for count in re.findall(rf"(\d+) (?:{'|'.join(words)})\b", text))
    return Tally(total(passed), total(failed))


def judge(read, text: str, exit_code: int) -> Tally:
    """A runner that ended badly without naming a failed test failed once; so did one that ran no test."""
    tally = read(ESCAPES.sub("", text))
    if tally.failed == 0 and (exit_code != 0 or tally.passed == 0):
        return tally + Tally(0, 1)
    return tally
