"""`make generate`: writes anew what is made from the code: `.sqlx/`, docs/openapi.json, the web app's client."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import provide
from setup import builds, places
from setup.console import fail, run_main, say


def openapi(target: Path) -> None:
    avaaz = os.environ.get("AVAAZ_BIN") or str(places.TARGET / "debug" / "avaaz")
    printed = subprocess.run([avaaz, "openapi"], cwd=places.ROOT, capture_output=True, check=False)
    if printed.returncode != 0 or not printed.stdout:
        raise fail(f"`avaaz openapi` failed: {printed.stderr.decode(errors='replace')}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(printed.stdout)


def client(target: Path) -> None:
    made = subprocess.run(["npx", "--no-install", "openapi-typescript", "../docs/openapi.json", "--output", str(target)],
                          cwd=places.FRONTEND, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise fail(f"openapi-typescript failed: {made.stdout}{made.stderr}")


def main() -> None:
    provide.for_tests()
    builds.npm_packages()
    queries = subprocess.run([str(places.ROOT / "scripts" / "prepare-sqlx")], check=False)
    if queries.returncode != 0:
        raise fail("The queries could not be prepared.")
    builds.binaries()
    openapi(places.ROOT / "docs" / "openapi.json")
    client(places.FRONTEND / "src" / "lib" / "api" / "schema.d.ts")
    say("Written: .sqlx/, docs/openapi.json, frontend/src/lib/api/schema.d.ts.")


if __name__ == "__main__":
    run_main(main)
