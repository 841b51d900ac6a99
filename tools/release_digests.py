"""Write src/gosteward/knowledge/release_digest_table.py: add what one more source says to the digests that are there.

python3 tools/release_digests.py LETTER FILE > new.py       (then move it over the table)

LETTER: of the source, a key of SOURCES in release_digests.py.   FILE: an answer to go.dev/dl/?mode=json&include=all, or lines as
sha256sum writes them. Only stable releases count, of them the archives for Linux and the sources. A digest that contradicts the
table ends the run: one of the two is wrong, and a person must find out which.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from gosteward.errors import StewardError
from gosteward.golang import goversion, release_index, toolchain_names
from gosteward.golang.bootstrap import FROM_C_SOURCES
from gosteward.knowledge.release_digests import SOURCES, Pinned, table

HEAD = '''"""The table of `release_digests`: written by tools/release_digests.py, one release in a line, each file as PART:SHA256:SOURCES."""

from __future__ import annotations

TABLE = """\\
'''


def main(letter: str, path: Path) -> int:
    """Exit code 1 where the source contradicts the table."""
    if letter not in SOURCES:
        print(f"no source has the letter {letter}: name it in release_digests.py first", file=sys.stderr)
        return 2
    known = table()
    for name, sha256 in said_by(path.read_text()).items():
        before = known.get(name, Pinned(sha256, ""))
        if before.sha256 != sha256:
            print(f"{name}: {sha256} contradicts {before.sha256} ({before.sources})", file=sys.stderr)
            return 1
        known[name] = Pinned(sha256, "".join(sorted({*before.sources, letter})))
    sys.stdout.write(written(known))
    return 0


def said_by(text: str) -> dict[str, str]:
    """Digests by file name, of the files that count."""
    if text.lstrip().startswith("["):
        files = [file for release in release_index.parse(text) for file in release.files]
        pairs = [(file.name, file.sha256) for file in files if file.sha256]
    else:
        pairs = [(words[1].lstrip("*"), words[0]) for line in text.split("\n") if len(words := line.split()) == 2]
    return {name: release_index.parse_digest(sha256) for name, sha256 in pairs if counts(name)}


def counts(name: str) -> bool:
    """Whether the table has such files."""
    version, _ = parts(name)
    parsed = goversion.parse(version) if toolchain_names.is_release(version) else None
    return name == FROM_C_SOURCES or (parsed is not None and parsed.stage == 2)


def parts(name: str) -> tuple[str, str]:
    """Release and part of a file name: ("go1.26.8", "armv6l"), ("go1.26.8", "src"); ("", "") for others."""
    named = toolchain_names.of_archive(name)
    if named is not None:
        return named.version, named.platform.archive.partition("-")[2]
    version = name[: -len(".src.tar.gz")]
    return (version, "src") if name.endswith(".src.tar.gz") else ("", "")


def written(known: dict[str, Pinned]) -> str:
    """The module."""
    lines: dict[str, dict[str, str]] = {}
    for name, pin in known.items():
        version, part = parts(name)
        entry = f"{part}:{pin.sha256}:{pin.sources}"
        lines.setdefault(version or name[: -len(".tar.gz")], {})[part] = entry
    ordered = sorted(lines, key=lambda version: goversion.parse(version) or (), reverse=True)
    rows = [" ".join([version, *(lines[version][part] for part in sorted(lines[version]))]) for version in ordered]
    return HEAD + "\n".join(rows) + '"""\n'


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], Path(sys.argv[2])))
    except StewardError as error:
        sys.exit(str(error))
