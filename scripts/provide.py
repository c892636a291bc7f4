"""`make setup`: brings all that running and testing need. With `--then COMMAND`, runs it with those parts."""

from __future__ import annotations

import os
import sys

import run
from setup import machine, parts, places
from setup.console import fail, run_main, say


def for_tests() -> None:
    """What the tests need: the same parts, and those of our own even where the environment names others."""
    machine.python()
    machine.rust()
    machine.require_disk(3 if (places.TARGET / "debug").exists() else 12)
    machine.debian_packages(machine.TO_TEST)
    parts.postgres()
    parts.livekit()
    parts.node()


def main() -> None:
    if "--then" not in sys.argv:
        for_tests()
        say("Everything that Avaaz needs is here.")
        return
    command = places.ROOT / sys.argv[sys.argv.index("--then") + 1]
    if not command.exists():
        raise fail(f"There is no {places.shown(command)} in this checkout.")
    run.prepare(starts_servers=False)
    parts.postgres()
    parts.livekit()
    os.chdir(places.ROOT)
    os.execv(command, [str(command), *sys.argv[sys.argv.index("--then") + 2:]])


if __name__ == "__main__":
    run_main(main)
