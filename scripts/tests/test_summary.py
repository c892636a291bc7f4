"""What each runner prints, and what is read from it."""

import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import stages  # noqa: E402
import summary  # noqa: E402
from summary import Tally  # noqa: E402


class Summary(unittest.TestCase):
    def read(self, read, text, code, passed, failed):
        tally = summary.judge(read, text, code)
        self.assertEqual((tally.passed, tally.failed), (passed, failed))

    def test_cargo_sums_every_binary(self):
        text = ("test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n"
                "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.01s\n")
        self.read(summary.cargo, text, 101, 8, 2)

    def test_pytest_counts_errors_as_failures(self):
        text = "===== 1 failed, 5 passed, 2 errors in 3.20s =====\n"
        self.read(summary.pytest, text, 1, 5, 3)

    def test_pytest_is_read_without_its_frame_and_past_a_minute(self):
        self.read(summary.pytest, "7 passed in 62.20s (0:01:02)\n", 0, 7, 0)
        self.read(summary.pytest, "== 7 passed, 1 warning in 62.20s (0:01:02) ==\n", 0, 7, 0)

    def test_vitest_is_read_through_its_colours(self):
        text = "\x1b[2m Test Files \x1b[22m 1 failed | 3 passed (4)\n\x1b[2m      Tests \x1b[22m \x1b[31m1 failed\x1b[39m | \x1b[32m12 passed\x1b[39m (13)\n"
        self.read(summary.vitest, text, 1, 12, 1)

    def test_playwright_counts_flaky_and_unrun_tests_as_failed(self):
        text = "  1 failed\n    [chromium] › talk.spec.ts:3:1 › talks\n  1 flaky\n  2 did not run\n  9 passed (1.2m)\n"
        self.read(summary.playwright, text, 1, 9, 4)

    def test_unittest_takes_failures_from_what_ran(self):
        self.read(summary.unittest, "Ran 9 tests in 0.1s\n\nOK\n", 0, 9, 0)
        self.read(summary.unittest, "Ran 9 tests in 0.1s\n\nFAILED (failures=1, errors=1)\n", 1, 7, 2)

    def test_a_crash_without_a_summary_fails_once(self):
        self.read(summary.cargo, "error: could not compile\n", 101, 0, 1)

    def test_a_runner_that_ran_nothing_fails_once(self):
        self.read(summary.vitest, "No test files found\n", 0, 0, 1)

    def test_a_binary_that_dies_fails_beside_one_whose_test_fails(self):
        text = ("test result: FAILED. 3 passed; 1 failed; 0 ignored\n\n"
                "error: test failed, to rerun pass `-p avaaz-agent --test it`\n\n"
                "Caused by:\n  process didn't exit successfully: `it` (signal: 6, SIGABRT: process abort signal)\n")
        self.read(summary.cargo, text, 101, 3, 2)
        self.assertEqual(summary.judge(summary.cargo, text, 101).failures,
                         ("-p avaaz-agent --test it: process didn't exit successfully: `it` (signal: 6, SIGABRT: process abort signal)",))


class Names(unittest.TestCase):
    def names(self, read, text):
        return list(summary.judge(read, text, 1).failures)

    def test_cargo_names_the_place_of_the_tests_own_panic_and_what_was_compared(self):
        self.assertEqual(self.names(summary.cargo, CARGO), [
            "[simulator/src/ids.rs:11] tests::other_thread: called `Result::unwrap()` on an `Err` value: Any { .. }",
            'tests::returns: Error: "went wrong"',
            "[simulator/src/ids.rs:7] tests::words_are_counted: assertion `left == right` failed: the sum of 1; left: 2; right: 3",
            "[simulator/tests/wire/main.rs:1] in_it: something comes in time",
        ])

    def test_vitest_names_every_test_that_shares_an_error_and_files_that_do_not_load(self):
        self.assertEqual(self.names(summary.vitest, VITEST), [
            "src/broken.test.ts: Error: Cannot find module './nope'",
            "src/words.test.ts > words > are counted: AssertionError: expected 3 to be 4 // Object.is equality",
            "src/words.test.ts > same 1: Error: shared",
            "src/words.test.ts > same 2: Error: shared",
        ])

    def test_pytest_names_the_error_where_the_summary_has_no_room_for_it(self):
        self.assertEqual(self.names(summary.pytest, PYTEST), [
            "py/test_frames.py::test_a_frame_with_a_rather_long_name_is_what_the_page_says: AssertionError: assert {'a': 1} == {'a': 2}",
            "py/test_frames.py::test_p[a b]: AssertionError: it is c",
            "py/test_frames.py::test_b: RuntimeError: no stack",
        ])

    def test_unittest_names_the_error_that_nobody_caught(self):
        self.assertEqual(self.names(summary.unittest, UNITTEST), [
            "test_three (test_summary.Summary.test_three): RuntimeError: later",
            "test_one (test_summary.Summary.test_one): AssertionError: Lists differ: [1, 2] != [1, 3]",
        ])

    def test_playwright_names_the_place_and_what_was_compared(self):
        self.assertEqual(self.names(summary.playwright, PLAYWRIGHT), [
            "[e2e/talk.spec.ts:41] talking › a second utterance silences the tutor: "
            "Error: silent after so many ms; Expected: < 1000; Received: 1500",
            "[e2e/talk.spec.ts:60] never ends: Test timeout of 300ms exceeded.",
        ])

    def test_what_does_not_compile_is_named_by_its_place(self):
        text = "error[E0308]: mismatched types\n  --> src/lib.rs:20:16\n   |\n\nerror: could not compile `fmt` (lib) due to 1 previous error\n"
        for read in (summary.cargo, None):
            self.assertEqual(self.names(read, text), ["[src/lib.rs:20:16] error[E0308]: mismatched types"])

    def test_a_bare_command_is_known_by_its_last_three_lines(self):
        self.assertEqual(self.names(None, "one\ntwo\n\n  three\nfour\n\n"), ["two", "three", "four"])

    def test_what_passed_names_nothing(self):
        self.assertEqual(summary.judge(None, "one\n", 0), Tally(1, 0))
        self.assertEqual(summary.judge(summary.unittest, "Ran 9 tests in 0.1s\n\nOK\n", 0), Tally(9, 0))

    def test_a_long_error_is_cut(self):
        (name,) = self.names(None, "x" * 5_000)
        self.assertEqual(len(name), summary.LENGTH_OF_A_FAILURE)


class Closing(unittest.TestCase):
    def closed(self, *rows):
        report = stages.Report()
        report.rows = [(name, tally, 1.0) for name, tally in rows]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            code = report.close()
        return code, printed.getvalue().splitlines()

    def test_failed_tests_stand_between_the_table_and_the_closing_line(self):
        code, lines = self.closed(("rust tests", Tally(8, 1, ("a: b",))), ("web build", Tally(1, 0)), ("clippy", Tally(0, 1, ("c",))))
        self.assertEqual((code, lines[-5:]), (1, ["", "failed  rust tests  a: b", "failed  clippy  c", "", "9 passed, 2 failed"]))

    def test_without_failures_the_closing_line_follows_the_table(self):
        code, lines = self.closed(("web build", Tally(1, 0)))
        self.assertEqual((code, lines[-2:], len(lines)), (0, ["", "1 passed, 0 failed"], 5))

    def test_of_too_many_failures_some_of_every_stage_are_named(self):
        many = tuple(f"test {number}" for number in range(50))
        _, lines = self.closed(("rust tests", Tally(0, 50, many)), ("end to end", Tally(0, 2, ("first", "second"))))
        told = [line for line in lines if line.startswith("failed")]
        self.assertEqual(len(told), stages.NAMED_FAILURES)
        self.assertEqual(told[-3:], ["failed  end to end  first", "failed  end to end  second", "failed  and 33 more"])

    def test_a_failing_command_is_named_by_what_it_printed_last(self):
        report = stages.Report()
        with tempfile.TemporaryDirectory() as folder, mock.patch("setup.places.STATE", Path(folder)), \
                contextlib.redirect_stdout(io.StringIO()):
            self.assertFalse(report.run("says why", ["sh", "-c", "echo because; exit 3"]))
            self.assertFalse(report.run("is not there", ["no-such-program"]))
        failures = [tally.failures for _, tally, _ in report.rows]
        self.assertEqual(failures[0], ("because",))
        self.assertRegex(failures[1][0], "^no-such-program: No such file")


CARGO = """\
test tests::other_thread ... FAILED

failures:

---- tests::other_thread stdout ----

thread '<unnamed>' (4236) panicked at simulator/src/ids.rs:11:47:
inner
stack backtrace:
   0: __rustc::rust_begin_unwind
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.

thread 'tests::other_thread' (4235) panicked at simulator/src/ids.rs:11:71:
called `Result::unwrap()` on an `Err` value: Any { .. }
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

---- tests::returns stdout ----
Error: "went wrong"

---- tests::words_are_counted stdout ----
some output

thread 'tests::words_are_counted' (4239) panicked at simulator/src/ids.rs:7:55:
assertion `left == right` failed: the sum of 1
  left: 2
 right: 3


failures:
    tests::other_thread
    tests::returns
    tests::words_are_counted

test result: FAILED. 1 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s

error: test failed, to rerun pass `--lib`
running 1 test
test in_it ... FAILED

failures:

---- in_it stdout ----

thread 'in_it' (4243) panicked at simulator/tests/wire/main.rs:1:33:
something comes in time


failures:
    in_it

test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
"""

VITEST = """\
   × same 1 0ms

⎯⎯⎯⎯⎯⎯ Failed Suites 1 ⎯⎯⎯⎯⎯⎯⎯

 FAIL  src/broken.test.ts [ src/broken.test.ts ]
Error: Cannot find module './nope'
 ❯ src/broken.test.ts:1:1

⎯⎯⎯⎯⎯⎯⎯ Failed Tests 3 ⎯⎯⎯⎯⎯⎯⎯

 FAIL  src/words.test.ts > words > are counted
AssertionError: expected 3 to be 4 // Object.is equality

- Expected
+ Received

 FAIL  src/words.test.ts > same 1
 FAIL  src/words.test.ts > same 2
Error: shared

      Tests  3 failed | 1 passed (4)
"""

PYTEST = """\
___________________________ ERROR at setup of test_b ___________________________
E   RuntimeError: no stack
E   at all

py/test_frames.py:3: RuntimeError
_ test_a_frame_with_a_rather_long_name_is_what_the_page_says _
E   AssertionError: assert {'a': 1} == {'a': 2}
E     Differing items:
_________________________________ test_p[a b] __________________________________
E   AssertionError: it is c
=========================== short test summary info ============================
FAILED py/test_frames.py::test_a_frame_with_a_rather_long_name_is_what_the_page_says
FAILED py/test_frames.py::test_p[a b] - AssertionError: i...
ERROR py/test_frames.py::test_b - RuntimeError: no stack
2 failed, 2 passed, 1 error in 0.08s
"""

UNITTEST = """\
======================================================================
ERROR: test_three (test_summary.Summary.test_three)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "ut/test_summary.py", line 10, in test_three
KeyError: 'x'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "ut/test_summary.py", line 11, in test_three
RuntimeError: later

======================================================================
FAIL: test_one (test_summary.Summary.test_one)
A docstring here.
----------------------------------------------------------------------
Traceback (most recent call last):
  File "ut/test_summary.py", line 5, in test_one
    self.assertEqual([1,2], [1,3])
AssertionError: Lists differ: [1, 2] != [1, 3]

First differing element 1:

----------------------------------------------------------------------
Ran 5 tests in 0.001s

FAILED (failures=1, errors=1)
"""

PLAYWRIGHT = """\
  ✘  1 e2e/talk.spec.ts:41:3 › talking › a second utterance silences the tutor (15ms)


  1) [chromium] › e2e/talk.spec.ts:41:3 › talking › a second utterance silences the tutor ──────────

    Error: silent after so many ms

    expect(received).toBeLessThan(expected)

    Expected: < 1000
    Received:   1500

      40 | test.describe('talking', () => {
    > 41 |   expect(1500).toBeLessThan(1000)
         |                ^
        at e2e/talk.spec.ts:41:70

    Retry #1 ───────────────────────────────────────────────────────────────────────────────────────

    Error: something else

  2) e2e/talk.spec.ts:60:1 › never ends ─────────────────────────────────────────────────────────────

    Test timeout of 300ms exceeded.

    Error Context: test-results/talk-never-ends/error-context.md

  2 failed
    e2e/talk.spec.ts:41:3 › talking › a second utterance silences the tutor ────────────────────────
    e2e/talk.spec.ts:60:1 › never ends ─────────────────────────────────────────────────────────────
  1 passed (8.5s)
"""


if __name__ == "__main__":
    unittest.main()
