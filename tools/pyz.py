"""Build dist/gosteward.pyz: gosteward and its pure Python dependencies in one file that any Python from 3.9 on runs.

    tools/pyz.py dist/gosteward.pyz

The same input gives the same bytes: entries are sorted, have one date and one mode, and are stored without compression (compressed
bytes would depend on the zlib of the building machine). Dependencies come as wheels whose SHA-256 tools/pyz-requirements.txt pins.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
# Fixed, and isolated from the environment: the python3 on the examined PATH may be part of what is broken.
SHEBANG = b"#!/usr/bin/python3 -I\n"
DATE = (2026, 1, 1, 0, 0, 0)
START = b"""\
import sys

if sys.version_info < (3, 9):
    sys.exit("gosteward: needs Python 3.9 or newer, this is %d.%d\\nhint: start it with another one: PYTHON -I gosteward.pyz" % sys.version_info[:2])
from gosteward.cli.main import entry

entry()
"""


def wheels(directory: str) -> list[Path]:
    """Download the pinned dependencies."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--only-binary",
        ":all:",
    ]
    command += [
        "--python-version",
        "3.9",
        "--implementation",
        "py",
        "--abi",
        "none",
        "--platform",
        "any",
        "--dest",
        directory,
    ]
    subprocess.run([*command, "-r", str(TOP / "tools/pyz-requirements.txt")], check=True)
    return sorted(Path(directory).glob("*.whl"))


def contents() -> dict[str, bytes]:
    """Every file of the program by its name in the archive."""
    found = {"__main__.py": START}
    for path in sorted((TOP / "src").rglob("*")):
        if path.is_file() and path.suffix in (".py", ".po"):
            found[str(path.relative_to(TOP / "src"))] = path.read_bytes()
    for path in sorted((TOP / "docs/rules").glob("GS*.md")):
        found[f"gosteward/pages/{path.name}"] = path.read_bytes()
    found["LICENSE"] = (TOP / "LICENSE").read_bytes()
    with tempfile.TemporaryDirectory() as directory:
        for wheel in wheels(directory):
            with zipfile.ZipFile(wheel) as archive:
                for name in archive.namelist():
                    if name.endswith(".so"):
                        sys.exit(f"{wheel.name} has native parts: {name}")
                    if name.endswith((".py", "/METADATA")) or "/licenses/" in name:
                        found[name] = archive.read(name)
    return found


def write(target: Path, files: dict[str, bytes]) -> None:
    """Write the archive beside `target` and rename it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    with open(beside, "wb") as stream:
        stream.write(SHEBANG)
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for name in sorted(files):
                entry = zipfile.ZipInfo(name, DATE)
                entry.create_system = 3
                entry.external_attr = (stat.S_IFREG | 0o644) << 16
                archive.writestr(entry, files[name])
    beside.chmod(0o755)
    beside.rename(target)


if __name__ == "__main__":
    write(Path(sys.argv[1]), contents())
