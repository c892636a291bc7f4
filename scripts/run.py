"""`make run`: brings what is missing, builds, and becomes `avaaz dev`."""

from __future__ import annotations

import os
import shutil

from setup import builds, machine, parts, places, ports
from setup.console import run_main


def prepare() -> None:
    machine.python()
    machine.rust()
    ports.require_free()
    machine.require_disk(1 if (places.TARGET / "debug" / "avaaz").exists() else 8)
    machine.debian_packages(machine.TO_RUN)
    if not os.environ.get("DATABASE_URL"):
        parts.postgres()
    if not os.environ.get("LIVEKIT_URL"):
        parts.livekit()
    if not os.environ.get("EMBEDDING_BASE_URL"):
        parts.embedding()
    parts.node()
    builds.web_app()
    builds.binaries()


def main() -> None:
    prepare()
    os.chdir(places.ROOT)
    avaaz = os.environ["AVAAZ_BIN"]
    # Should this process's parent be killed outright, `avaaz dev` is told to end, and ends what it started.
    guard = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    command = [*guard, avaaz, "dev"]
    os.execvp(command[0], command)


if __name__ == "__main__":
    run_main(main)
