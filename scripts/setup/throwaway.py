"""A Postgres that exists for one command and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from . import places
from .console import fail

UNPRIVILEGED = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def postgres(binaries: Path) -> Iterator[str]:
    """Yields the URL of an empty database named `avaaz`."""
    folder = Path(tempfile.mkdtemp(prefix="avaaz-pg-"))
    lower = UNPRIVILEGED if places.is_root() else []
    if lower:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    port = free_port()
    data = folder / "data"

    def call(*command: str) -> None:
        done = subprocess.run([*lower, *command], cwd=folder, capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, check=False)
        if done.returncode != 0:
            raise fail(f"Postgres did not work: {Path(command[0]).name} said:\n{done.stdout}{done.stderr}")

    try:
        call(f"{binaries}/initdb", "-D", str(data), "-U", "avaaz", "--auth=trust", "-E", "UTF8",
             "--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync")
        call(f"{binaries}/pg_ctl", "-D", str(data), "-l", str(folder / "log"), "-w", "-o",
             f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off", "start")
        try:
            call(f"{binaries}/psql", "-h", "127.0.0.1", "-p", str(port), "-U", "avaaz", "-d", "postgres",
                 "-qc", "CREATE DATABASE avaaz")
            yield f"postgres://avaaz@127.0.0.1:{port}/avaaz"
        finally:
            call(f"{binaries}/pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def apply_migrations(binaries: Path, url: str, migrations: Path) -> None:
    for migration in sorted(migrations.glob("*.sql")):
        done = subprocess.run([f"{binaries}/psql", url, "-qX1", "-v", "ON_ERROR_STOP=1", "-f", str(migration)],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise fail(f"The migration {migration.name} does not apply:\n{done.stderr}")
