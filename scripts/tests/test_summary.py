"""What each runner prints, and what is read from it."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import summary  # noqa: E402
from summary import Tally  # noqa: E402


class Summary(unittest.TestCase):
    def test_cargo_sums_every_binary(self):
        text = ("test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n"
                "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.01s\n")
        self.assertEqual(summary.judge(summary.cargo, text, 101), Tally(8, 2))

    def test_pytest_counts_errors_as_failures(self):
        text = "===== 1 failed, 5 passed, 2 errors in 3.20s =====\n"
        self.assertEqual(summary.judge(summary.pytest, text, 1), Tally(5, 3))

    def test_pytest_is_read_without_its_frame_and_past_a_minute(self):
        self.assertEqual(summary.judge(summary.pytest, "7 passed in 62.20s (0:01:02)\n", 0), Tally(7, 0))
        self.assertEqual(summary.judge(summary.pytest, "== 7 passed, 1 warning in 62.20s (0:01:02) ==\n", 0), Tally(7, 0))

    def test_vitest_is_read_through_its_colours(self):
        text = "\x1b[2m Test Files \x1b[22m 1 failed | 3 passed (4)\n\x1b[2m      Tests \x1b[22m \x1b[31m1 failed\x1b[39m | \x1b[32m12 passed\x1b[39m (13)\n"
        self.assertEqual(summary.judge(summary.vitest, text, 1), Tally(12, 1))

    def test_playwright_counts_flaky_and_unrun_tests_as_failed(self):
        text = "  1 failed\n    [chromium] › talk.spec.ts:3:1 › talks\n  1 flaky\n  2 did not run\n  9 passed (1.2m)\n"
        self.assertEqual(summary.judge(summary.playwright, text, 1), Tally(9, 4))

    def test_unittest_takes_failures_from_what_ran(self):
        self.assertEqual(summary.judge(summary.unittest, "Ran 9 tests in 0.1s\n\nOK\n", 0), Tally(9, 0))
        self.assertEqual(summary.judge(summary.unittest, "Ran 9 tests in 0.1s\n\nFAILED (failures=1, errors=1)\n", 1), Tally(7, 2))

    def test_a_crash_without_a_summary_fails_once(self):
        self.assertEqual(summary.judge(summary.cargo, "error: could not compile\n", 101), Tally(0, 1))

    def test_a_runner_that_ran_nothing_fails_once(self):
        self.assertEqual(summary.judge(summary.vitest, "No test files found\n", 0), Tally(0, 1))


if __name__ == "__main__":
    unittest.main()
