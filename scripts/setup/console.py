"""What a person sees: one sentence before a long step, its progress, and one sentence when it fails."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
import time
from pathlib import Path

from . import places


class Failure(Exception):
    """Something a person can act on; its text is all they are shown."""


def say(text: str) -> None:
    print(text, flush=True)


def fail(text: str) -> "Failure":
    return Failure(text)


def run_main(main) -> None:
    """Runs a command's main function; a Failure ends it with its sentence, Ctrl-C without a trace."""
    try:
        sys.exit(main() or 0)
    except Failure as failure:
        print(f"\n{failure}", file=sys.stderr, flush=True)
        sys.exit(1)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr, flush=True)
        sys.exit(130)


def step(why: str, command: list[str], log: str, advice: str, **options) -> None:
    """Runs a long command: says why, shows that it lives, keeps its output, and explains a failure."""
    say(why)
    log_path = places.log(log)
    started = time.monotonic()
    with log_path.open("wb") as output:
        output.write(f"$ {shlex.join(command)}\n".encode())
        output.flush()
        try:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT,
                                       stdin=subprocess.DEVNULL, **options)
        except OSError as error:
            raise fail(f"{command[0]} could not be started ({error.strerror}). {advice}") from error
        try:
            with Progress(log_path):
                code = process.wait()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
    if code != 0:
        tail = last_lines(log_path, 12)
        raise fail(f"{tail}\n\nThis step failed: {why.rstrip('.')} (exit code {code}). {advice}\n"
                   f"Everything it printed is in {places.shown(log_path)}.")
    say(f"  done in {time.monotonic() - started:.0f} s")


def last_lines(path: Path, count: int) -> str:
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 16_384))
            lines = file.read().decode(errors="replace").replace("\r", "\n").splitlines()
    except OSError:
        return ""
    return "\n".join(line for line in lines if line.strip())[-4000:] if count <= 0 else "\n".join(
        [line for line in lines if line.strip()][-count:])


class Progress:
    """Shows the last line of a growing log: in place on a terminal, every 15 s elsewhere."""

    def __init__(self, log_path: Path) -> None:
        self.log_path = log_path
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self) -> "Progress":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def _show(self) -> None:
        terminal = sys.stdout.isatty()
        started = time.monotonic()
        pause = 1 if terminal else 15
        while not self.over.wait(pause):
            line = last_lines(self.log_path, 1).strip()
            text = f"  {time.monotonic() - started:4.0f} s  {line}"
            if terminal:
                width = os.get_terminal_size().columns - 1
                print(f"\r\x1b[K{text[:width]}", end="", flush=True)
            else:
                print(text[:160], flush=True)
        if terminal:
            print("\r\x1b[K", end="", flush=True)
