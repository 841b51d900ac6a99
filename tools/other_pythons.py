"""Run the zipped program and the tests of pure code with other Pythons, as far as they are on this machine.

.venv/bin/python tools/other_pythons.py      (after `make pyz`)
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
# What the standard library does otherwise from one release to another shows in readers; what the oldest lacks may show anywhere.
READERS = ("tests/formats", "tests/machines", "tests/catalogs", "tests/test_redaction.py")
WANTED = {"3.9": (*READERS, "tests/rules", "tests/reasoning"), "3.13": READERS}


def interpreter(version: str) -> str:
    """Path of a Python of this version; "" if there is none."""
    found = shutil.which(f"python{version}")
    places = [found] if found else []
    places += sorted(glob.glob(os.path.expanduser(f"~/.pyenv/versions/{version}.*/bin/python3")))
    for place in places:
        ran = subprocess.run(
            [place, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.stdout.strip() == version:
            return place
    return ""


def check(python: str, version: str, tests: tuple[str, ...]) -> None:
    """The zipped program starts and examines this host; the tests of pure code pass in an environment of this Python."""
    program = TOP / "dist/gosteward.pyz"
    ran = subprocess.run(
        [python, "-I", program, "doctor", "--offline", "--format", "json"], capture_output=True, text=True, check=False
    )
    if ran.returncode not in (0, 1, 3) or '"gosteward.report/1"' not in ran.stdout:
        sys.exit(f"Python {version}: doctor ended with {ran.returncode}\n{ran.stderr}")
    environment = TOP / f".venv/{version}"
    if not (environment / "bin/python").exists():
        subprocess.run([python, "-m", "venv", environment], check=True)
    pip = [environment / "bin/python", "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "pytest", "pytest-xdist", "hypothesis", "--editable", f"{TOP}[serve]"], check=True)
    subprocess.run(
        [environment / "bin/python", "-m", "pytest", "-n", "auto", "-p", "no:cacheprovider", *tests],
        cwd=TOP,
        check=True,
    )


def main() -> None:
    """Check each of WANTED that is there, and say which are not."""
    for version, tests in WANTED.items():
        python = interpreter(version)
        if python:
            check(python, version, tests)
            print(f"Python {version}: passed ({python})")
        else:
            print(f"Python {version} is not on this machine: not checked")


if __name__ == "__main__":
    main()
