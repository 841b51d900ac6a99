"""`pin` and `settings` as they are typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gosteward.cli.options import command_line

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


def test_passwords_are_counted_and_not_shown_and_what_does_not_count_is_named(tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine proxy.example login me password s3cret\n")
    netrc.chmod(0o600)
    environ = {"NETRC": str(netrc), "GOAUTH": "/opt/helper --key=s3cret; netrc"}
    found = run("gosteward settings; gosteward settings --format json", tmp_path, **environ)
    assert found[9:12] == [
        f"machines with a password in {netrc}: 1",
        "GOAUTH names /opt/helper, which gosteward does not start",
        "0",
    ]
    assert json.loads("".join(found[12:-1]))["netrc"]["machines"] == ["proxy.example"]
    assert "s3cret" not in "".join(found)


def test_no_password_of_a_command_line_is_in_an_error_or_in_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """gosteward install 1.26.1 --from http://me:s3cret@127.0.0.1:9
gosteward install 1.26.1 --from htps://me:s3cret@127.0.0.1
"""
    found = run(script, tmp_path)
    assert any("http://me:xxxxx@127.0.0.1:9: no password is sent over plain http" in line for line in found)
    assert "gosteward: this is no source: htps://me:xxxxx@127.0.0.1" in found
    assert "s3cret" not in "".join(found)
    monkeypatch.setattr(sys, "argv", ["gosteward", "doctor", "--fix", "--from=https://me:s3cret@127.0.0.1"])
    assert command_line("doctor") == "doctor --fix --from=https://me:xxxxx@127.0.0.1"


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
