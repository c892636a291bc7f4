"""`make test`: everything, on ports that are free, in one report."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Thread

import check
import provide
import summary
from setup import builds, places, python_packages
from setup.console import Failure, run_main
from stages import Report

PYTHON_TESTS = places.ROOT / "tests" / "python"


def tests_for_python() -> None:
    python_packages.install(places.STATE / "venv-tests", PYTHON_TESTS / "requirements.txt", hashed=False,
                            why="Fetching the Python packages of the client tests (LiveKit's, OpenAI's and Gemini's SDKs).")


def begun_early(*fetching: Callable[[], None]) -> Thread:
    """Fetches, while the compiler works, what later stages want. A failure is theirs: they try again and say what is wrong."""
    def fetch() -> None:
        for function in fetching:
            with suppress(Failure):
                function()
    thread = Thread(target=fetch, daemon=True)
    thread.start()
    return thread


def main() -> int:
    provide.own_environment()
    provide.for_tests()
    report = Report()
    fetched = begun_early(builds.npm_packages, tests_for_python)
    report.run("build", ["cargo", "build", "--locked", *builds.WITH_TESTS])
    fetched.join()
    check.check(report)
    report.run("scripts", ["python3", "-m", "unittest", "discover", "-s", "scripts/tests"], read=summary.unittest)
    report.run("rust tests", ["cargo", "test", "--locked", "--workspace", "--no-fail-fast"], read=summary.cargo)
    report.run("web tests", ["npm", "test", "--silent"], read=summary.vitest, cwd=places.FRONTEND)
    if report.run("python packages", tests_for_python):
        report.run("client tests", [str(places.STATE / "venv-tests" / "bin" / "python"), "-m", "pytest", "-q", "-n", "3", str(PYTHON_TESTS)],
                   read=summary.pytest)
    report.run("end to end", ["npm", "run", "--silent", "e2e"], read=summary.playwright, cwd=places.FRONTEND)
    return report.close()


if __name__ == "__main__":
    run_main(main)
