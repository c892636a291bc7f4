"""Building our own parts, each only when what it is made of changed."""

from __future__ import annotations

import os
import subprocess

from . import places, stamps
from .console import fail, say, step

NPM_ADVICE = "Check that npm reaches its registry (`npm ping`), then try again."


def npm_packages() -> None:
    lock = places.FRONTEND / "package-lock.json"
    key = stamps.fingerprint([lock, places.FRONTEND / "package.json"])
    if (places.FRONTEND / "node_modules").is_dir() and stamps.is_done("npm", key):
        return
    # Not `npm ci`: it refuses a lock file that leaves out other systems' optional binaries, which not every registry
    # has. Versions and hashes come from the lock file all the same, and it stays as it is.
    step("Fetching the web app's packages with npm.", ["npm", "install", "--no-save", "--no-audit", "--no-fund"],
         "npm-install", NPM_ADVICE, cwd=places.FRONTEND)
    stamps.done("npm", key)


def web_app() -> None:
    """Builds `frontend/dist`."""
    npm_packages()
    sources = [places.FRONTEND / name for name in
               ("src", "public", "index.html", "app-manifest.ts", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json")]
    key = stamps.fingerprint(source for source in sources if source.exists())
    if (places.FRONTEND / "dist" / "index.html").exists() and stamps.is_done("web", key):
        return
    step("Building the web app.", ["npm", "run", "build"], "web-build",
         "If the sources are as released, remove frontend/node_modules and try again.", cwd=places.FRONTEND)
    stamps.done("web", key)


def cargo_environment() -> dict[str, str]:
    # With DATABASE_URL set, sqlx would check our queries against the database of whoever runs this.
    return os.environ | {"SQLX_OFFLINE": "true"}


# With the tests' own features, so that the programs and the tests share every compiled dependency.
WITH_TESTS = ("--workspace", "--all-targets")


def binaries(*what: str) -> None:
    """Builds `avaaz` and `avaaz-simulator` (or `what`); cargo itself knows what is current."""
    first = not (places.TARGET / "debug" / "avaaz").exists()
    if first:
        say("Building Avaaz with cargo (the first time compiles every dependency: about twelve minutes on two cores).")
    built = subprocess.run(["cargo", "build", "--locked", *(what or ("-p", "avaaz-backend", "-p", "avaaz-simulator"))],
                           cwd=places.ROOT, env=cargo_environment(), check=False)
    if built.returncode != 0:
        raise fail("Building Avaaz failed; the lines above say where. If the sources are as released, check that cargo "
                   "reaches crates.io and that the disk has room, then try again.")
    os.environ["AVAAZ_BIN"] = str(places.TARGET / "debug" / "avaaz")
    os.environ["AVAAZ_SIMULATOR_BIN"] = str(places.TARGET / "debug" / "avaaz-simulator")
