"""`make clean`: removes what was built, fetched and stored by this checkout."""

from __future__ import annotations

import shutil
import sys

from setup import places
from setup.console import fail, run_main, say


def main() -> None:
    folders = [places.TARGET, places.STATE, places.FRONTEND / "node_modules", places.FRONTEND / "dist"]
    if places.open_to_nobody() != places.STATE:
        folders.append(places.open_to_nobody())
    there = [folder for folder in folders if folder.exists()]
    if not there:
        say("There is nothing to remove.")
        return
    say("This removes, with every conversation stored here:\n" + "\n".join(f"  {folder}" for folder in there))
    if sys.stdin.isatty() and input("Type yes to go on: ").strip().lower() != "yes":
        raise fail("Nothing was removed.")
    for folder in there:
        shutil.rmtree(folder)
    say("Done.")


if __name__ == "__main__":
    run_main(main)
