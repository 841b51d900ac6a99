"""Write what follows from the code: shell completions, the man page, the index of the rules.

.venv/bin/python tools/generated_docs.py [--check]      (--check writes nothing, and fails where a file is out of date)
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import shtab

TOP = Path(__file__).resolve().parent.parent
# argparse wraps by the width of the terminal and argparse-manpage dates its pages: neither may show in the files.
os.environ.update(COLUMNS="100", SOURCE_DATE_EPOCH="1767225600")

from argparse_manpage.manpage import Manpage  # noqa: E402

from gosteward import __version__  # noqa: E402
from gosteward.cli.main import parser  # noqa: E402
from gosteward.rules import all_checks  # noqa: E402

FAMILIES = {
    "1": "Search path and start-up files", "2": "Architecture and program files", "3": "Permissions, links, mounts, limits",
    "4": "Go trees and versions", "5": "Go's settings", "6": "Network, proxies, checksum database", "7": "Packages and snaps", "8": "cgo and other tools",
    "9": "Workspaces and modules",
}  # fmt: skip


def rule_index() -> str:
    """docs/rules/README.md."""
    lines = ["# Rules", "", "Every check of `gosteward doctor`; `gosteward explain GSnnn` shows its page.", ""]
    for digit, family in FAMILIES.items():
        rules = [check.rule for check in all_checks() if check.rule.id[2] == digit]
        lines += [f"## GS{digit}xx: {family}", "", "| rule | severity | what it finds |", "|---|---|---|"]
        lines += [f"| [{rule.id}]({rule.id}.md) | {rule.severity} | {rule.title} |" for rule in rules]
        lines.append("")
    return "\n".join(lines)


def man_page() -> str:
    """share/man/gosteward.1."""
    data = {
        "prog": "gosteward", "project_name": "gosteward", "version": __version__, "manual_section": 1, "manual_title": "gosteward",
        "description": "name why Go does not work on a Linux host", "authors": [], "url": "", "long_description": None, "include": None,
    }  # fmt: skip
    return str(Manpage(parser(), format="pretty", _data=data)).rstrip() + "\n"


def files() -> dict[str, str]:
    """All generated files."""
    found = {"docs/rules/README.md": rule_index(), "share/man/gosteward.1": man_page()}
    for shell, name in (("bash", "gosteward"), ("zsh", "_gosteward"), ("fish", "gosteward.fish")):
        found[f"share/completions/{name}"] = shtab.complete(parser(), shell=shell).rstrip() + "\n"
    return found


def main() -> int:
    """Exit code 1 when --check finds a file out of date."""
    options = argparse.ArgumentParser()
    options.add_argument("--check", action="store_true")
    check = options.parse_args().check
    stale = 0
    for name, text in files().items():
        path = TOP / name
        if path.exists() and path.read_text() == text:
            continue
        if check:
            print(f"{name} is out of date: run `make docs`", file=sys.stderr)
            stale = 1
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(f"wrote {name}")
    return stale


if __name__ == "__main__":
    sys.exit(main())
