"""Says early, before minutes of building, that a port is taken. `avaaz dev` looks again when it starts."""

from __future__ import annotations

import os
import socket

from .console import fail


def require_free() -> None:
    wanted = [
        (port_of("AVAAZ_WEB_ADDR", 3000), socket.SOCK_STREAM, "the web app", "AVAAZ_WEB_ADDR=127.0.0.1:3100"),
        (port_of("AVAAZ_HTTP_ADDR", 8000), socket.SOCK_STREAM, "the API", "AVAAZ_HTTP_ADDR=127.0.0.1:8100"),
    ]
    if not os.environ.get("LIVEKIT_URL"):
        livekit = port_of("AVAAZ_LIVEKIT_PORT", 7880)
        wanted += [
            (livekit, socket.SOCK_STREAM, "LiveKit", "AVAAZ_LIVEKIT_PORT=7980"),
            (livekit and livekit + 1, socket.SOCK_STREAM, "LiveKit's media over TCP", "AVAAZ_LIVEKIT_PORT=7980"),
            (livekit and livekit + 2, socket.SOCK_DGRAM, "LiveKit's media over UDP", "AVAAZ_LIVEKIT_PORT=7980"),
        ]
    for port, kind, what, example in wanted:
        if port and is_taken(port, kind):
            protocol = "UDP" if kind == socket.SOCK_DGRAM else "TCP"
            raise fail(f"{protocol} port {port} is taken, and {what} needs it. Stop what uses it "
                       f"(`ss -lptn 'sport = :{port}'` names it; another `make run` perhaps), or choose another: {example} make run")


def port_of(variable: str, default: int) -> int:
    """The port in a variable such as `127.0.0.1:3000`, `3000` or `free`; 0 when any will do."""
    text = os.environ.get(variable, "").rpartition(":")[2]
    if not text:
        return default
    return int(text) if text.isdigit() else 0


def is_taken(port: int, kind: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
