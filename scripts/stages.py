"""Runs the stages of `make check` and `make test` one by one; a failing one does not hide the others."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

from setup import places
from setup.console import Failure, Progress, last_lines, say
from summary import Tally, judge, last_words

LINES_OF_A_FAILURE = 80
# Of a long report often only the end is kept: with the closing line, these must fit into it.
NAMED_FAILURES = 20


class Report:
    def __init__(self) -> None:
        self.rows: list[tuple[str, Tally, float]] = []

    def run(self, name: str, command: list[str] | Callable[[], None], *, read: Callable[[str], Tally] | None = None,
            cwd: Path = places.ROOT, env: dict[str, str] | None = None, minutes: float = 30) -> bool:
        """One stage: a command or a function. Without `read` it counts as one; True when all of it passed."""
        say(f"\n== {name}")
        started = time.monotonic()
        log = places.log("test-" + name.replace(" ", "-").replace("/", "-"))
        if callable(command):
            tally = call(command, log)
        else:
            tally = execute(command, log, read, cwd, env, minutes)
        seconds = time.monotonic() - started
        self.rows.append((name, tally, seconds))
        if tally.failed:
            say(f"{last_lines(log, LINES_OF_A_FAILURE)}\n-- FAILED: {name} ({seconds:.0f} s); all of it: {places.shown(log)}")
        else:
            say(f"-- passed: {name}, {tally.passed} ({seconds:.0f} s)")
        return tally.failed == 0

    def close(self) -> int:
        """Prints what passed and failed, which tests failed, and the closing line; the exit code."""
        say("\nstage                                passed  failed  seconds")
        for name, tally, seconds in self.rows:
            say(f"{name:36} {tally.passed:6}  {tally.failed:6}  {seconds:7.0f}{'   <-' if tally.failed else ''}")
        total = sum((tally for _, tally, _ in self.rows), Tally(0, 0))
        if total.failures:
            say("\n" + "\n".join(named(self.rows)))
        say(f"\n{total.passed} passed, {total.failed} failed")
        return 1 if total.failed or not total.passed else 0


def named(rows: list[tuple[str, Tally, float]]) -> list[str]:
    """A line for each failed test; where they are too many, some of every stage."""
    stages = [[(number, name, failure) for failure in tally.failures] for number, (name, tally, _) in enumerate(rows)]
    in_turn = [line for lines in zip_longest(*stages) for line in lines if line]
    kept = in_turn if len(in_turn) <= NAMED_FAILURES else in_turn[:NAMED_FAILURES - 1]
    lines = [f"failed  {name}  {failure}" for _, name, failure in sorted(kept, key=lambda line: line[0])]
    return lines + ([f"failed  and {len(in_turn) - len(kept)} more"] if len(kept) < len(in_turn) else [])


def call(function: Callable[[], None], log: Path) -> Tally:
    try:
        function()
    except Failure as failure:
        log.write_text(f"{failure}\n")
        return Tally(0, 1, last_words(str(failure)))
    return Tally(1, 0)


def execute(command: list[str], log: Path, read: Callable[[str], Tally] | None, cwd: Path,
            env: dict[str, str] | None, minutes: float) -> Tally:
    with log.open("wb") as output:
        try:
            # A session of its own, so that a stage that hangs can be ended with all that it started.
            process = subprocess.Popen(command, cwd=cwd, env=os.environ | {"NO_COLOR": "1"} | (env or {}), stdout=output,
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        except OSError as error:
            sentence = f"{command[0]}: {error.strerror} (in {cwd})"
            output.write(f"{sentence}\n".encode())
            return Tally(0, 1, (sentence,))
        with Progress(log):
            code = wait(process, minutes, output)
    return judge(read, log.read_text(errors="replace"), code)


def wait(process: subprocess.Popen, minutes: float, output) -> int:
    try:
        return process.wait(minutes * 60)
    except subprocess.TimeoutExpired:
        output.write(f"\nStopped after {minutes:.0f} minutes.\n".encode())
        end(process)
        return 124
    except KeyboardInterrupt:
        end(process)
        raise


def end(process: subprocess.Popen) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(10)
            return
        except (subprocess.TimeoutExpired, ProcessLookupError):
            continue
