"""A small vulnerability database about modules, as the files of a server.

made = ModuleReports("2026-11-01T00:00:00Z")
made.add("GO-2026-0001", "example.com/lib", [("0", "1.2.0")])
made.files()                       content by path: index/db.json, ID/GO-2026-0001.json
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gosteward.modules.vulnerabilities.snapshot import packed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def events(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Of ranges: "0" or a version, and the version with the fix, "" for none."""
    found = []
    for introduced, fixed in pairs:
        found += [{"introduced": introduced}, *([{"fixed": fixed}] if fixed else [])]
    return found


class ModuleReports:
    """What is in it.  modified: of its index."""

    def __init__(self, modified: str) -> None:
        self.modified = modified
        self.entries: dict[str, dict[str, Any]] = {}

    def add(self, id_: str, module: str, pairs: Iterable[tuple[str, str]], **more: Any) -> None:
        part = {
            "package": {"name": module, "ecosystem": "Go"},
            "ranges": [{"type": "SEMVER", "events": events(pairs)}],
            "ecosystem_specific": {"imports": [{"path": module}]},
        }
        entry = {"id": id_, "modified": self.modified, "aliases": [f"CVE{id_[2:]}"], "summary": f"Trouble in {module}"}
        self.entries[id_] = {**entry, "affected": [part], **more}

    def files(self) -> dict[str, bytes]:
        modules: dict[str, list[dict[str, str]]] = {}
        for entry in self.entries.values():
            for part in entry["affected"]:
                modules.setdefault(part["package"]["name"], []).append(
                    {"id": entry["id"], "modified": entry["modified"]}
                )
        vulns = [{key: entry[key] for key in ("id", "modified", "aliases")} for entry in self.entries.values()]
        return {
            "index/db.json": json.dumps({"modified": self.modified}).encode(),
            "index/modules.json": json.dumps([{"path": path, "vulns": v} for path, v in modules.items()]).encode(),
            "index/vulns.json": json.dumps(vulns).encode(),
            **{f"ID/{id_}.json": json.dumps(entry).encode() for id_, entry in self.entries.items()},
        }

    def write(self, directory: Path) -> None:
        for name, content in self.files().items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_bytes(content)

    def write_zip(self, file: Path) -> None:
        file.write_bytes(packed(self.files()))
