"""`make check`: what can be said of the sources without running them."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import provide
from setup import builds, places, stamps
from setup.console import fail, run_main, step
from stages import Report

CARGO_DENY = "0.20.2"


def cargo_deny() -> Path:
    tools = places.STATE / "tools"
    program = tools / "bin" / "cargo-deny"
    if not (program.exists() and stamps.is_done("cargo-deny", CARGO_DENY)):
        # Unoptimized: it runs for a second, and compiles in half the time.
        step(f"Building cargo-deny {CARGO_DENY}, which checks licences and sources (once, about two minutes).",
             ["cargo", "install", "--locked", "--debug", "--root", str(tools), f"cargo-deny@{CARGO_DENY}"], "cargo-deny",
             "Check that cargo reaches crates.io.", cwd=places.STATE, env=os.environ | {"CARGO_PROFILE_DEV_DEBUG": "false"})
        stamps.done("cargo-deny", CARGO_DENY)
    return program


def scripts_are_well_formed() -> None:
    for script in sorted([*places.ROOT.glob("scripts/**/*.py"), *places.ROOT.glob("tests/**/*.py"), *shebangs("python3")]):
        try:
            compile(script.read_text(), str(script), "exec")
        except SyntaxError as error:
            raise fail(f"{places.shown(script)}:{error.lineno}: {error.msg}") from error
    for script in shebangs("bash"):
        if os.spawnlp(os.P_WAIT, "bash", "bash", "-n", str(script)) != 0:
            raise fail(f"{places.shown(script)} is not valid bash.")


def shebangs(interpreter: str) -> list[Path]:
    folders = [places.ROOT / name for name in ("scripts", ".ci", "tests")]
    files = [path for folder in folders if folder.is_dir() for path in folder.rglob("*") if path.is_file() and not path.suffix]
    return [path for path in files if path.read_bytes()[:40].split(b"\n")[0].endswith(interpreter.encode())]


def openapi_is_current() -> None:
    import generate
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "openapi.json"
        generate.openapi(fresh)
        same(fresh, places.ROOT / "docs" / "openapi.json")


def client_is_current() -> None:
    import generate
    with tempfile.TemporaryDirectory(dir=places.STATE) as folder:
        fresh = Path(folder) / "schema.d.ts"
        generate.client(fresh)
        same(fresh, places.FRONTEND / "src" / "lib" / "api" / "schema.d.ts")


def same(fresh: Path, kept: Path) -> None:
    if not kept.exists() or fresh.read_bytes() != kept.read_bytes():
        raise fail(f"{places.shown(kept)} is not what the code says: run `make generate` and commit what changed.")


def check(report: Report) -> None:
    """Every stage of `make check`; expects `avaaz` to be built."""
    npm = ["npm", "run", "--silent"]
    sqlx = {"SQLX_OFFLINE": "true"}
    report.run("rust format", ["cargo", "fmt", "--all", "--check"])
    report.run("scripts are well formed", scripts_are_well_formed)
    report.run("web packages", builds.npm_packages)
    for stage in ("format:check", "lint", "typecheck", "words"):
        report.run(f"web {stage}", [*npm, stage], cwd=places.FRONTEND)
    report.run("web knip", ["npx", "--no-install", "knip"], cwd=places.FRONTEND)
    report.run("web build", builds.web_app)
    report.run("clippy", ["cargo", "clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"], env=sqlx)
    report.run("current .sqlx", [str(places.ROOT / "scripts" / "prepare-sqlx"), "--check"])
    report.run("current docs/openapi.json", openapi_is_current)
    report.run("current TypeScript client", client_is_current)
    if report.run("cargo-deny is built", cargo_deny):
        report.run("licences, bans, sources", [str(cargo_deny()), "check", "bans", "licenses", "sources"])
    # Last: what a page takes is measured while nothing else runs.
    report.run("web budgets", [*npm, "budgets"], cwd=places.FRONTEND, minutes=5)


def main() -> int:
    provide.own_environment()
    provide.for_tests()
    builds.binaries()
    report = Report()
    check(report)
    return report.close()


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    run_main(main)
