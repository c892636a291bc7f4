"""`make test`: everything, on ports that are free, in one report."""

from __future__ import annotations

import os
import shutil

import check
import provide
import summary
from setup import builds, places, python_packages
from setup.console import run_main
from stages import Report

# What a person has set for `make run` must not reach the tests: they bring their own servers and pay no provider.
FOREIGN = ("DATABASE_URL", "LIVEKIT_URL", "LIVEKIT_PUBLIC_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "RUST_LOG",
           "OPENAI_API_KEY", "OPENAI_BASE_URL", "GEMINI_API_KEY", "GEMINI_BASE_URL", "EMBEDDING_BASE_URL", "EMBEDDING_MODEL")
KEPT = ("AVAAZ_PG_BIN", "AVAAZ_LIVEKIT_SERVER")
PYTHON_TESTS = places.ROOT / "tests" / "python"


def environment() -> None:
    for name in list(os.environ):
        if name in FOREIGN or (name.startswith("AVAAZ_") and name not in KEPT):
            del os.environ[name]
    os.environ["SQLX_OFFLINE"] = "true"


def tests_for_python() -> None:
    python_packages.install(places.STATE / "venv-tests", PYTHON_TESTS / "requirements.txt", hashed=False,
                            why="Fetching the Python packages of the client tests (LiveKit's and OpenAI's SDKs).")


def export_paths() -> None:
    for name, program in {"AVAAZ_BIN": "avaaz", "AVAAZ_SIMULATOR_BIN": "avaaz-simulator"}.items():
        os.environ[name] = str(places.TARGET / "debug" / program)
    os.environ["AVAAZ_CHROMIUM"] = shutil.which("chromium") or "chromium"
    os.environ["AVAAZ_WEB_DIR"] = str(places.FRONTEND / "dist")


def main() -> int:
    environment()
    provide.for_tests()
    export_paths()
    report = Report()
    # With the tests' own features, so that the binaries and the tests share every compiled dependency.
    report.run("build", ["cargo", "build", "--locked", "--workspace", "--all-targets"])
    check.check(report)
    report.run("scripts", ["python3", "-m", "unittest", "discover", "-s", "scripts/tests"], read=summary.unittest)
    report.run("rust tests", ["cargo", "test", "--locked", "--workspace", "--no-fail-fast"], read=summary.cargo)
    report.run("web tests", ["npm", "test", "--silent"], read=summary.vitest, cwd=places.FRONTEND)
    report.run("web build", builds.web_app)
    if report.run("python packages", tests_for_python):
        report.run("client tests", [str(places.STATE / "venv-tests" / "bin" / "python"), "-m", "pytest", "-q", str(PYTHON_TESTS)],
                   read=summary.pytest)
    report.run("end to end", ["npm", "run", "--silent", "e2e"], read=summary.playwright, cwd=places.FRONTEND)
    return report.close()


if __name__ == "__main__":
    run_main(main)
