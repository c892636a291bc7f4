"""Fixtures for tests against the simulator on its own."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def simulator(tmp_path: pathlib.Path) -> Iterator[Callable[..., str]]:
    """Starts simulators: `simulator(script={...}, record=path)` returns what goes into OPENAI_BASE_URL."""
    with contextlib.ExitStack() as running:

        def start(script: dict | None = None, record: pathlib.Path | None = None) -> str:
            command = [simulator_binary(), "--port", "0"]
            if script is not None:
                file = tmp_path / "script.json"
                file.write_text(json.dumps(script))
                command += ["--script", str(file)]
            if record is not None:
                command += ["--record", str(record)]
            return running.enter_context(started(command))

        yield start


@pytest.fixture
def folder() -> Iterator[pathlib.Path]:
    """A folder for a whole server."""
    made = pathlib.Path(tempfile.mkdtemp(prefix="avaaz-frames-test-"))
    # Postgres may have to run as another user, who must reach its folder.
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def simulator_binary() -> str:
    return os.environ.get("AVAAZ_SIMULATOR_BIN", str(ROOT / "target" / "debug" / "avaaz-simulator"))


@contextlib.contextmanager
def started(command: list[str]) -> Iterator[str]:
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        ready = child.stdout.readline()
        assert "listening on " in ready, f"the simulator said {ready!r} and ended with {child.poll()}"
        yield ready.split("listening on ")[1].strip()
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(timeout=20)
        child.stdout.close()
