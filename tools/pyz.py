"""Build dist/gosteward.pyz: gosteward and its pure Python dependencies in one file that any Python from 3.9 on runs.

    tools/pyz.py dist/gosteward.pyz

The same input gives the same bytes: entries are sorted, have one date and one mode, and are stored without compression (compressed
bytes would depend on the zlib of the building machine). Dependencies come as wheels whose SHA-256 tools/pyz-requirements.txt pins.

Beside each source stands its byte code for the Python of the shebang as it is on the building machine: to compile the sources takes most of
the time of a start. Another Python sees that it is not for it, and takes the source (zipimport, PEP 552). So the same input is: the same
sources, wheels, and Python release at /usr/bin/python3.
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
PYTHON = "/usr/bin/python3"
SHEBANG = f"#!{PYTHON} -I\n".encode()
DATE = (2026, 1, 1, 0, 0, 0)
START = b"""\
import sys

if sys.version_info < (3, 9):
    sys.exit("gosteward: needs Python 3.9 or newer, this is %d.%d\\nhint: start it with another one: PYTHON -I gosteward.pyz" % sys.version_info[:2])
from gosteward.cli.main import entry

entry()
"""
COMPILE = """
import os, py_compile, sys
os.chdir(sys.argv[1])
for directory, _, names in sorted(os.walk(".")):
    for name in sorted(names):
        path = os.path.normpath(os.path.join(directory, name))
        py_compile.compile(path, path + "c", doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
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


def compiled(files: dict[str, bytes]) -> dict[str, bytes]:
    """Byte code by name, {} on a machine without the fixed Python. It is not checked against its source at each start."""
    if not os.access(PYTHON, os.X_OK):
        return {}
    with tempfile.TemporaryDirectory() as directory:
        for name, source in files.items():
            if name.endswith(".py"):
                path = Path(directory) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(source)
        # The order of the members of a set is part of its code.
        subprocess.run([PYTHON, "-c", COMPILE, directory], check=True, env={"PYTHONHASHSEED": "0"})
        found = Path(directory).rglob("*.pyc")
        return {str(path.relative_to(directory)): path.read_bytes() for path in found}


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
    everything = contents()
    write(Path(sys.argv[1]), {**everything, **compiled(everything)})
