"""What the machine itself must have: room on the disk, Debian packages, Rust."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from . import places
from .console import fail, say, step

# Each package, how to see that it is there already, and what it is for.
TO_RUN = {
    "build-essential": ("cc", "the C compiler that some Rust crates need"),
    "cmake": ("cmake", "builds the Opus codec"),
    "make": ("make", "runs the targets"),
    "pkg-config": ("pkg-config", "finds libraries at build time"),
    "espeak-ng": ("espeak-ng", "the stand-in tutor's voice"),
    "python3-venv": ("python:ensurepip", "keeps our Python packages apart from yours"),
}
TO_TEST = TO_RUN | {
    "chromium": ("chromium", "the browser of the end-to-end tests"),
    "sox": ("sox", "makes the tests' microphone recordings"),
}


def require_disk(gigabytes: float) -> None:
    free = shutil.disk_usage(places.ROOT).free / 1e9
    if free < gigabytes:
        raise fail(f"The disk of {places.ROOT} has {free:.1f} GB free and about {gigabytes:.0f} GB are needed. "
                   "Make room, or put the checkout on another disk.")


def is_there(sign: str) -> bool:
    kind, _, module = sign.partition(":")
    if kind == "python":
        return importlib.util.find_spec(module) is not None
    return shutil.which(sign) is not None


def debian_packages(wanted: dict[str, tuple[str, str]]) -> None:
    missing = {name: why for name, (sign, why) in wanted.items() if not is_there(sign)}
    if not missing:
        return
    reasons = "; ".join(f"{name} ({why})" for name, why in missing.items())
    command = f"apt-get install --no-install-recommends {' '.join(missing)}"
    if shutil.which("apt-get") is None:
        raise fail(f"Missing on this machine: {reasons}. It has no apt-get: install these with its own package manager.")
    prefix: list[str] = []
    if not places.is_root():
        if shutil.which("sudo") is None:
            raise fail(f"Missing on this machine: {reasons}. Ask whoever administers it to run: {command}")
        say(f"Debian packages are missing: {reasons}. sudo may ask for your password.")
        if subprocess.run(["sudo", "-v"], check=False).returncode != 0:
            raise fail(f"Without sudo they cannot be installed from here. Ask whoever administers the machine to run: {command}")
        prefix = ["sudo"]
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300", "-y"]
    advice = f"Check that the machine reaches its package mirror, or run it yourself: {command}"
    step("Asking Debian's mirror what it has, because packages are missing.", [*apt, "update"], "apt-update", advice)
    step(f"Installing Debian packages: {reasons}.",
         [*apt, "install", "--no-install-recommends", *missing], "apt-install", advice)


def rust() -> None:
    """Puts cargo on PATH, or says how to get it."""
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    if shutil.which("cargo") is None and (home / "bin" / "cargo").exists():
        os.environ["PATH"] = f"{home / 'bin'}:{os.environ['PATH']}"
    if shutil.which("cargo") is None:
        raise fail("Rust is missing. Install it with rustup (https://rustup.rs), open a new shell, and try again.")
    if shutil.which("rustup") is None:
        wanted = re.search(r'channel = "([\d.]+)"', (places.ROOT / "rust-toolchain.toml").read_text())
        has = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=False).stdout
        if wanted and wanted[1] not in has:
            raise fail(f"This project is built with Rust {wanted[1]}; the machine has {has.strip() or 'another'} and no rustup. "
                       "Install rustup (https://rustup.rs): it brings the right one.")


def python() -> None:
    if sys.version_info < (3, 11):
        raise fail(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
