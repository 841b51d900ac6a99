"""What the start costs: modules that a plain `doctor` never loads."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "rich", "asyncio", "ssl", "http", "http.client", "urllib.request", "cryptography", "yaml", "jinja2", "cattrs", "attr", "attrs",
    "dataclasses", "typing_extensions", "tomllib", "sqlite3", "unittest", "email", "concurrent.futures", "pydoc",
}  # fmt: skip
SCRIPT = """
import sys
sys.argv = ["gosteward", *{arguments!r}]
sys.path.insert(0, {source!r})
from gosteward.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print("\\n" + " ".join(sorted(sys.modules)), file=sys.stderr)
"""


def loaded(*arguments: str) -> set[str]:
    import gosteward

    source = gosteward.__path__[0].rpartition("/")[0]
    script = SCRIPT.format(arguments=arguments, source=source)
    ran = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True)
    return set(ran.stderr.rpartition("\n")[0].rpartition("\n")[2].split())


def test_doctor_loads_none_of_the_heavy_modules() -> None:
    modules = loaded("doctor", "--offline")
    assert "gosteward.examination" in modules
    assert not modules & HEAVY


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("doctor", "--help")])
def test_help_and_version_load_no_probe_and_no_rule(arguments: tuple[str, ...]) -> None:
    modules = loaded(*arguments)
    assert "gosteward.cli.main" in modules
    assert not [m for m in modules if m.startswith(("gosteward.probes", "gosteward.rules.", "gosteward.host"))]
    assert not modules & HEAVY
