"""The file of `go env -w`."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang import goenv

GOROOT = os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go")  # `make test` names the one of the fault lab

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """# made by hand
GOPROXY=https://a.example,direct
 GOPRIVATE=leading.example
export GONOSUMDB=x
GOFLAGS=-mod=mod -tags="a b" # no comment
GOINSECURE
GOPROXY=https://b.example=x\r
=
goproxy=small
"""


def test_values_are_taken_as_they_are_and_the_last_line_counts() -> None:
    entries = [e for e in goenv.in_force(goenv.parse(TEXT)) if not e.ignored]
    assert [(e.name, e.value, e.number) for e in entries] == [
        ("GOFLAGS", '-mod=mod -tags="a b" # no comment', 5),
        ("GOPROXY", "https://b.example=x\r", 7),
    ]


def test_lines_that_go_passes_over_are_told_with_what_they_meant() -> None:
    ignored = [(e.number, e.name, e.value) for e in goenv.parse(TEXT) if e.ignored]
    assert ignored == [(3, " GOPRIVATE", "leading.example"), (4, "export GONOSUMDB", "x"), (6, "GOINSECURE", ""), (8, "", ""), (9, "goproxy", "small")]  # fmt: skip


@pytest.mark.skipif(not os.path.exists(f"{GOROOT}/bin/go"), reason=f"no go in {GOROOT}/bin")
def test_go_itself_sees_the_same_values(tmp_path: Path) -> None:
    tmp_path.joinpath("env").write_bytes(TEXT.encode())
    tmp_path.joinpath(".config/go/telemetry").mkdir(parents=True)
    tmp_path.joinpath(".config/go/telemetry/mode").write_text("off")
    environment = {"PATH": os.defpath, "HOME": str(tmp_path), "GOENV": str(tmp_path / "env"), "GOTOOLCHAIN": "local"}
    names = ("GOPROXY", "GOPRIVATE", "GONOSUMDB", "GOINSECURE")
    command = [f"{GOROOT}/bin/go", "env", *names]
    answer = subprocess.run(command, env=environment, capture_output=True, check=False, cwd=tmp_path)
    values = {e.name: e.value for e in goenv.parse(TEXT) if not e.ignored}
    assert answer.stdout.decode().split("\n")[:4] == [values.get(name, "") for name in names]


@pytest.mark.parametrize(
    ("goenv_value", "config_home", "home", "path"),
    [("", "", "/home/dev", "/home/dev/.config/go/env"), ("", "/x/", "/home/dev", "/x/go/env"), ("off", "", "/home/dev", ""), ("/y/env", "/x", "", "/y/env"), ("", "", "", ""), ("", "rel", "/h", ""), ("", "", "/", "/.config/go/env")],
)  # fmt: skip
def test_place_of_the_file(goenv_value: str, config_home: str, home: str, path: str) -> None:
    assert goenv.file_named(goenv_value, config_home, home) == path


@given(st.text(alphabet="AG=# \n\r\x00é\udcff", max_size=200))
def test_every_entry_is_a_line_and_the_last_of_a_name_is_in_force(text: str) -> None:
    entries = goenv.parse(text)
    assert all(entry.text == text.split("\n")[entry.number - 1] for entry in entries)
    assert all(entry.text in (f"{entry.name}={entry.value}", entry.name) for entry in entries)
    found = goenv.in_force(entries)
    assert goenv.in_force(found) == found
    last = {entry.name: entry.value for entry in entries if not entry.ignored}
    assert {entry.name: entry.value for entry in found if not entry.ignored} == last
