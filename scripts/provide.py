"""`make setup`: brings all that running and testing need.

With `--then COMMAND`, runs it with those parts; with `--built` as well, our own programs are built before.
"""

from __future__ import annotations

import os
import shutil
import sys

from setup import builds, machine, parts, places
from setup.console import fail, run_main, say


# What a person has set for `make run` must not reach the tests: they bring their own servers and pay no provider.
FOREIGN = ("DATABASE_URL", "LIVEKIT_URL", "LIVEKIT_PUBLIC_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "RUST_LOG",
           "OPENAI_API_KEY", "OPENAI_BASE_URL", "GEMINI_API_KEY", "GEMINI_BASE_URL", "CHAT_BASE_URL", "CHAT_API_KEY", "CHAT_MODEL",
           "EMBEDDING_BASE_URL", "EMBEDDING_API_KEY", "EMBEDDING_MODEL")
KEPT = ("AVAAZ_PG_BIN", "AVAAZ_LIVEKIT_SERVER", "AVAAZ_EMBEDDING_DIR")


def own_environment() -> None:
    for name in list(os.environ):
        if name in FOREIGN or (name.startswith("AVAAZ_") and name not in KEPT):
            del os.environ[name]
    os.environ["SQLX_OFFLINE"] = "true"


def for_tests() -> None:
    """What the tests need: the same parts, and those of our own even where the environment names others."""
    machine.python()
    machine.rust()
    machine.require_disk(3 if (places.TARGET / "debug").exists() else 12)
    machine.debian_packages(machine.TO_TEST)
    parts.postgres()
    parts.livekit()
    parts.embedding()
    parts.node()
    for name, program in {"AVAAZ_BIN": "avaaz", "AVAAZ_SIMULATOR_BIN": "avaaz-simulator"}.items():
        os.environ[name] = str(places.TARGET / "debug" / program)
    os.environ["AVAAZ_CHROMIUM"] = shutil.which("chromium") or "chromium"
    os.environ["AVAAZ_WEB_DIR"] = str(places.FRONTEND / "dist")


def main() -> None:
    if "--then" not in sys.argv:
        for_tests()
        say("Everything that Avaaz needs is here.")
        return
    command = places.ROOT / sys.argv[sys.argv.index("--then") + 1]
    if not command.exists():
        raise fail(f"There is no {places.shown(command)} in this checkout.")
    own_environment()
    for_tests()
    if "--built" in sys.argv:
        builds.web_app()
        builds.binaries(*builds.WITH_TESTS)
    os.chdir(places.ROOT)
    os.execv(command, [str(command)])


if __name__ == "__main__":
    run_main(main)
