"""`make screens`: a picture of every screen and state, by its real cause, in one table to look through."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
from pathlib import Path

import provide
from setup import builds, places
from setup.console import run_main, say
from stages import Report
from summary import playwright

SCREENS = places.FRONTEND / "screens"
BEFORE = places.FRONTEND / "screens-before"
# As the browser tests take them (frontend/e2e/support/test.ts).
COLUMNS = ("390-light", "390-dark", "768-light", "1280-light")
STYLE = """
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
  body { margin: 2rem } table { border-collapse: collapse } td, th { padding: .75rem; vertical-align: top; text-align: left }
  th[scope=row] { min-width: 11rem; position: sticky; left: 0; background: Canvas } img { display: block; height: 26rem; border: 1px solid #8884 }
  small { display: block; font-weight: normal; opacity: .7; max-width: 16rem } .changed { outline: 3px solid #d80 }
"""


def main() -> int:
    provide.own_environment()
    provide.for_tests()
    report = Report()
    if not (report.run("build", builds.binaries) and report.run("web build", builds.web_app)):
        return report.close()
    keep_the_last()
    specs = [str(spec.relative_to(places.FRONTEND)) for spec in sorted((places.FRONTEND / "e2e").glob("*.spec.ts"))
             if re.search(r"\bpicture\(", spec.read_text())]
    report.run("screens", ["npx", "--no-install", "playwright", "test", *specs], read=playwright, cwd=places.FRONTEND,
               env={"AVAAZ_SCREENS": "1"})
    say(f"\n{table()}")
    return report.close()


def keep_the_last() -> None:
    """The set of the last time stays beside the new one, to be compared with it."""
    shutil.rmtree(BEFORE, ignore_errors=True)
    if SCREENS.exists():
        SCREENS.rename(BEFORE)
    SCREENS.mkdir(parents=True)


def table() -> str:
    """Writes the page; returns what to say about it."""
    notes = SCREENS / "screens.jsonl"
    screens = {note["name"]: note for note in map(json.loads, notes.read_text().splitlines())} if notes.exists() else {}
    rows, changed, missing = [], 0, []
    for name, note in screens.items():
        cells = []
        for column in COLUMNS:
            picture, before = SCREENS / f"{name}-{column}.png", BEFORE / f"{name}-{column}.png"
            if not picture.exists():
                missing.append(picture.name)
                cells.append("<td>missing</td>")
                continue
            differs = before.exists() and before.read_bytes() != picture.read_bytes()
            changed += differs
            was = f'<a href="{relative(before)}">before</a>' if differs else ""
            cells.append(f'<td><a href="{picture.name}"><img loading="lazy" alt="{name}, {column}" src="{picture.name}"'
                         f'{" class=changed" if differs else ""}></a>{was}</td>')
        rows.append(f'<tr><th scope="row">{name}<small>{html.escape(note["file"])}: {html.escape(note["title"])}</small></th>{"".join(cells)}</tr>')
    head = "".join(f"<th>{column}</th>" for column in COLUMNS)
    page = SCREENS / "index.html"
    page.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Screens</title><style>{STYLE}</style>'
                    f"<h1>{len(screens)} screens and states</h1><table><tr><th></th>{head}</tr>{''.join(rows)}</table></html>\n")
    told = f"{len(screens)} screens and states, {changed} pictures differ from the last time: {places.shown(page)}"
    return told + (f"\nMissing: {', '.join(missing)}" if missing else "")


def relative(path: Path) -> str:
    return os.path.relpath(path, SCREENS)


if __name__ == "__main__":
    run_main(main)
