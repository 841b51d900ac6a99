"""`pin` and `settings` as they are typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PLACES = "for place in /etc /var/lib /opt; do mount -t tmpfs none $place; done"


def run(script: str, directory: Path, **environ: str) -> list[str]:
    """Output of commands, one behind the other, on a host without settings: `gosteward` is this program. The last line is the exit code."""
    program = f"{sys.executable} -I -m gosteward"
    whole = f'{PLACES}\ngosteward() {{ {program} "$@" 2>&1; echo $?; }}\n{script}'
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "GOENV": "off", **environ}
    command = ["unshare", "-m", "sh", "-c", whole]
    ran = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()


def test_settings_shows_each_value_with_its_origin_and_no_password(tmp_path: Path) -> None:
    lines = [
        "[toolchains]", 'sources = ["https://me:secret@mirror.example", "/srv"]', "links = false"
    ]  # fmt: skip
    script = "mkdir /etc/gosteward; printf '%s\\n' \"$LINES_\" > /etc/gosteward/settings.toml; gosteward settings; gosteward settings --format json"
    found = run(script, tmp_path, LINES_="\n".join(lines), GOSTEWARD_ROOT="/srv/go")
    assert found[:10] == [
        'sources = ["https://me:xxxxx@mirror.example", "/srv"]  # /etc/gosteward/settings.toml:2',
        "only_sources = false  # default",
        'root = "/srv/go"  # GOSTEWARD_ROOT',
        'group = ""  # default',
        "links = false  # /etc/gosteward/settings.toml:3",
        "adopt = false  # default",
        "offline = false  # default",
        "",
        "/etc/gosteward/settings.toml was read",
        "0",
    ]
    document = json.loads("".join(found[10:-1]))
    assert document["toolchains"]["root"] == {"value": "/srv/go", "origin": "GOSTEWARD_ROOT"}


@pytest.mark.parametrize(
    "command", ["list", "use 1.26", "install 1.26", "available", "prune", "uninstall 1.26", "settings"]
)
def test_every_command_refuses_a_wrong_file_with_one_error(tmp_path: Path, command: str) -> None:
    script = f"mkdir /etc/gosteward; echo 'adopt = 1' > /etc/gosteward/settings.toml; gosteward {command}"
    first, hint, code = run(script, tmp_path)
    assert first == "gosteward: not a setting: /etc/gosteward/settings.toml:1: adopt"
    assert hint.startswith("hint: allowed in [toolchains]: sources, ")
    assert code == "2"


def test_doctor_and_list_load_no_reader_of_settings_where_there_are_none(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-I", "-X", "importtime", "-m", "gosteward", "list", "--root", str(tmp_path)],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "tomllib" not in ran.stderr
    assert "tomli" not in ran.stderr


def test_pin_shows_changes_and_is_undone(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module m\n\ngo 1.25\n")
    script = (
        "gosteward pin; gosteward pin 1.26.8; gosteward pin; gosteward pin 1.26.8 --format json; gosteward undo --yes"
    )
    found = run(script, tmp_path)
    path = f"{tmp_path}/go.mod"
    assert found[:9] == [
        f"go1.25.0 by {path}:3: go 1.25",
        "no installed release serves it: `gosteward install 1.25.0`",
        "0",
        f"{path} asks for go1.26.8",
        "`gosteward undo 1` takes this back.",
        "0",
        f"go1.26.8 by {path}:5: toolchain go1.26.8",
        f"  {path}:3: go 1.25",
        "no installed release serves it: `gosteward install 1.26.8`",
    ]
    assert '"changed": [],' in "\n".join(found)
    assert (tmp_path / "go.mod").read_text() == "module m\n\ngo 1.25\n"
