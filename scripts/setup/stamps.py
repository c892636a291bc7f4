"""Notes what a step was last done for, so that the next start can skip it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from . import places


def fingerprint(paths: Iterable[Path], *extra: str) -> str:
    """The content of files, and of everything in folders, as one short text."""
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        for file in files:
            digest.update(str(file.relative_to(places.ROOT)).encode() + b"\0")
            digest.update(file.read_bytes() if file.exists() else b"absent")
    for text in extra:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()


def is_done(name: str, key: str) -> bool:
    stamp = places.STATE / "stamps" / name
    return stamp.exists() and stamp.read_text() == key


def done(name: str, key: str) -> None:
    stamp = places.STATE / "stamps" / name
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key)
