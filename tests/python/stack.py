"""A whole Avaaz for one test module: the one at AVAAZ_API_URL, or one of our own on free ports."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
READY_WITHIN_S = 90


@contextlib.contextmanager
def running_api() -> Iterator[str]:
    """Yields the address of an API whose parts are all ready."""
    given = os.environ.get("AVAAZ_API_URL")
    if given:
        yield given.rstrip("/")
        return
    folder = pathlib.Path(tempfile.mkdtemp(prefix="avaaz-client-test-"))
    # Postgres may have to run as another user, who must reach its folder.
    folder.chmod(0o755)
    with contextlib.ExitStack() as running:
        running.callback(shutil.rmtree, folder, ignore_errors=True)
        livekit = running.enter_context(livekit_server(folder))
        yield running.enter_context(avaaz(folder, livekit))


def call(method: str, url: str, body: object = None, token: str | None = None) -> dict:
    """Calls the API; an answer that is no success is the test's failure, with its words."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{method} {url} answered {error.code}: {error.read().decode(errors='replace')}") from error


def new_learner(api_url: str) -> str:
    """Registers someone; returns the access token."""
    body = {"email": f"client-{secrets.token_hex(6)}@example.org", "password": secrets.token_urlsafe(16), "display_name": "Client"}
    return call("POST", f"{api_url}/auth/register", body)["access_token"]


@contextlib.contextmanager
def livekit_server(folder: pathlib.Path) -> Iterator[dict[str, str]]:
    port, tcp, udp = free_port(), free_port(), free_port(socket.SOCK_DGRAM)
    secret = secrets.token_urlsafe(32)
    config = folder / "livekit.yaml"
    config.write_text(
        f"port: {port}\nbind_addresses: ['127.0.0.1']\nkeys: {{ client-test: {secret} }}\n"
        f"rtc: {{ tcp_port: {tcp}, udp_port: {udp}, node_ip: 127.0.0.1, use_external_ip: false, "
        "enable_loopback_candidate: true, interfaces: { includes: [lo] } }\n"
    )
    binary = os.environ.get("AVAAZ_LIVEKIT_SERVER", "livekit-server")
    with process([binary, "--config", str(config)], folder / "livekit.log", {}):
        yield {"LIVEKIT_URL": f"ws://localhost:{port}", "LIVEKIT_API_KEY": "client-test", "LIVEKIT_API_SECRET": secret}


@contextlib.contextmanager
def avaaz(folder: pathlib.Path, livekit: dict[str, str]) -> Iterator[str]:
    api, web, postgres = free_port(), free_port(), free_port()
    binary = os.environ.get("AVAAZ_BIN", str(ROOT / "target" / "debug" / "avaaz"))
    url = f"http://localhost:{api}"
    environment = {
        **livekit,
        "AVAAZ_DATA_DIR": str(folder / "data"),
        "AVAAZ_HTTP_ADDR": f"127.0.0.1:{api}",
        "AVAAZ_WEB_ADDR": f"127.0.0.1:{web}",
        "AVAAZ_PUBLIC_API_URL": url,
        "AVAAZ_PUBLIC_WEB_URL": f"http://localhost:{web}",
        "AVAAZ_POSTGRES_PORT": str(postgres),
    }
    log = folder / "avaaz.log"
    with process([binary, "dev"], log, environment) as server:
        wait_until_ready(url, server, log)
        yield url


@contextlib.contextmanager
def process(command: list[str], log: pathlib.Path, environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    with log.open("wb") as output:
        child = subprocess.Popen(command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield child
    finally:
        # It ends its own children on the way out.
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(timeout=40)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_until_ready(url: str, server: subprocess.Popen, log: pathlib.Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise AssertionError(f"the server ended with {server.returncode}:\n{tail(log)}")
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"{url}/health/ready", timeout=5) as answer:
                if answer.status == 200:
                    return
        time.sleep(0.1)
    raise AssertionError(f"the server was not ready within {READY_WITHIN_S} s:\n{tail(log)}")


def tail(log: pathlib.Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-40:])


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
