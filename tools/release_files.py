"""Write src/gosteward/knowledge/release_files.py: source files that came or went with a release line.

    tools/release_files.py go1.25.14 go1.26.8 go1.27.4 ...      (one release of each line, without a gap; needs go and its module proxy)

A file that a release line brought, found in a tree of an older line, was left by another release; so was one that a line dropped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src/gosteward/knowledge/release_files.py"
PER_CHANGE = 14
HEAD = '''"""Files of Go's source tree that came or went with a release line. Written by tools/release_files.py; a sample per line.

Source: the toolchain modules golang.org/toolchain of {releases}.
"""

from __future__ import annotations

FIRST, LAST = {first}, {last}
# (path below GOROOT/src, first and last minor release that has it; FIRST and LAST stand for "or earlier" and "or later")
FILES = (
'''


def names(version: str) -> set[str]:
    """Plain source files of a release, below src/."""
    with tempfile.TemporaryDirectory() as cache:
        command = ["go", "mod", "download", "-json", f"golang.org/toolchain@v0.0.1-{version}.linux-amd64"]
        environment = {"GOMODCACHE": cache, "GOTOOLCHAIN": "local", "GOFLAGS": "-modcacherw -mod=mod"}
        answer = subprocess.run(
            command, check=True, capture_output=True, text=True, cwd="/tmp", env={**os.environ, **environment}
        )
        with zipfile.ZipFile(json.loads(answer.stdout)["Zip"]) as archive:
            paths = (name.split("/", 2)[2] for name in archive.namelist())
            return {
                path[4:]
                for path in paths
                if path.startswith("src/")
                and path.endswith(".go")
                and not path.endswith("_test.go")
                and not any(part in path for part in ("/testdata/", "/vendor/", "src/cmd/vendor", "_test/", "/z"))
            }


def intervals(releases: dict[int, set[str]]) -> dict[str, tuple[int, int]]:
    """First and last line of every file that was there without interruption."""
    minors = sorted(releases)
    found = {}
    for path in set().union(*releases.values()):
        has = [minor for minor in minors if path in releases[minor]]
        if has == list(range(has[0], has[-1] + 1)):
            found[path] = (has[0], has[-1])
    return found


def sample(paths: list[str]) -> list[str]:
    """At most PER_CHANGE of the paths, from as many directories as there are, always the same ones."""
    by_directory: dict[str, list[str]] = {}
    for path in sorted(paths):
        by_directory.setdefault(path.rpartition("/")[0], []).append(path)
    rows = sorted(by_directory.values(), key=lambda row: (-len(row), row[0]))
    chosen: list[str] = []
    while rows and len(chosen) < PER_CHANGE:
        rows = [row for row in rows if row]
        chosen += [row.pop(0) for row in rows][: PER_CHANGE - len(chosen)]
    return sorted(chosen)


def table(releases: dict[int, set[str]]) -> list[tuple[str, int, int]]:
    """The sample of all changes."""
    first, last = min(releases), max(releases)
    spans = intervals(releases)
    chosen: set[str] = set()
    for minor in range(first, last):
        chosen |= set(sample([p for p, span in spans.items() if span[1] == minor]))
        chosen |= set(sample([p for p, span in spans.items() if span[0] == minor + 1]))
    return [(path, *spans[path]) for path in sorted(chosen)]


def main(versions: list[str]) -> None:
    """Download, compare, write."""
    releases = {int(version.split(".")[1]): names(version) for version in versions}
    rows = "".join(f'    ("{path}", {first}, {last}),\n' for path, first, last in table(releases))
    head = HEAD.format(releases=", ".join(versions), first=min(releases), last=max(releases))
    TARGET.write_text(f"{head}{rows})\n")


if __name__ == "__main__":
    main(sys.argv[1:])
