"""Guarded lines in real shells: the directory is there once, in its place, however often the file is read."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosteward.reasoning.guarded_lines import guarded_copy, guarded_line
from gosteward.shells import csh_lines, posix_lines
from gosteward.snapshot import Snapshot, StartupFile, User

if TYPE_CHECKING:
    from pathlib import Path

SHELLS = ("bash", "dash", "zsh", "ksh", "mksh", "fish", "tcsh")
SYSTEM = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/sbin")


def host(home: str = "/home/dev") -> Snapshot:
    return Snapshot(user=User(name="dev", uid=1000, home=home))


def path_after(shell: str, lines: tuple[str, ...], directory: Path, home: str, *, times: int = 2) -> str:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not here")
    file = directory / "rc"
    file.write_text("".join(f"{line}\n" for line in lines))
    script = directory / "script"
    script.write_text(f"{'source' if shell in ('fish', 'tcsh') else '.'} {file}\n" * times + "/usr/bin/env\n")
    bare = {"tcsh": ("-f",), "zsh": ("-f",)}.get(shell, ())
    environment = {"HOME": home, "PATH": "/usr/bin:/bin", "XDG_CONFIG_HOME": str(directory / "config")}
    done = subprocess.run([program, *bare, str(script)], env=environment, check=True, capture_output=True, text=True)
    found = next(line[5:] for line in done.stdout.splitlines() if line.startswith("PATH="))
    # A distribution's own files of fish, which it always reads, add further directories of the system.
    return ":".join(d for d in found.split(":") if d not in SYSTEM) if shell == "fish" else found


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("in_front", [False, True])
def test_the_line_adds_the_directory_once(shell: str, in_front: bool, tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    (tmp_path / "home/go/bin").mkdir(parents=True)  # fish_add_path passes over what is not there
    line = guarded_line(host(home), shell if shell != "dash" else "sh", f"{home}/go/bin", in_front=in_front)
    found = path_after(shell, (line,), tmp_path, home)
    assert found == (f"{home}/go/bin:/usr/bin:/bin" if in_front else f"/usr/bin:/bin:{home}/go/bin")


@pytest.mark.parametrize("shell", ["bash", "dash", "zsh", "ksh", "fish"])
@pytest.mark.parametrize(
    "name", ["it's me", 'a "b" c', "cash $HOME", "back\\slash", "tick`s`", "star*[x]", "(a) & b; c"]
)
def test_no_character_of_a_name_means_anything(shell: str, name: str, tmp_path: Path) -> None:
    directory = tmp_path / name
    directory.mkdir()
    line = guarded_line(host("/home/dev"), shell if shell != "dash" else "sh", str(directory))
    assert path_after(shell, (line,), tmp_path, "/home/dev") == f"/usr/bin:/bin:{directory}"


@settings(deadline=None)
@given(st.text(max_size=50))
def test_no_line_for_what_path_cannot_name(text: str) -> None:
    for shell in ("bash", "fish", "tcsh"):
        line = guarded_line(host(), shell, f"/{text}")
        assert "\n" not in line
        assert not line or ":" not in text


@pytest.mark.parametrize(
    "text",
    [
        "export PATH=$PATH:/usr/local/go/bin",
        'PATH="/usr/local/go/bin:$PATH"',
        "export PATH=$PATH:/usr/local/go/bin:$HOME/go/bin",
        'export PATH="/usr/local/go/bin:$HOME/go/bin:${PATH}"',
        "PATH=${PATH:+$PATH:}/opt/x",
        "PATH+=:/opt/x",
    ],
)
def test_copies_of_a_line_give_the_same_path(text: str, tmp_path: Path) -> None:
    file = StartupFile(path="/f", dialect="bash", lines=posix_lines.read("/f", [text], home="/home/dev").lines)
    copies = guarded_copy(host(), file, file.lines[0])
    once = path_after("bash", (text,), tmp_path, "/home/dev", times=1)
    assert path_after("bash", copies, tmp_path, "/home/dev", times=3) == once


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("export PATH=/opt/a:$PATH:/opt/b", "bash"),
        ("export PATH=$PATH:$GOROOT/bin", "bash"),
        ("export PATH=/usr/bin:/opt/b", "bash"),
        ('export PATH="$PATH:~/go/bin"', "bash"),
        ("export PATH=$PATH:relative", "bash"),
        ("pathmunge /opt/b", "bash"),
        ("setenv PATH ${PATH}:/opt/b", "csh"),
    ],
)
def test_a_line_that_is_not_understood_has_no_copy(text: str, dialect: str) -> None:
    reader = csh_lines if dialect == "csh" else posix_lines
    file = StartupFile(path="/f", dialect=dialect, lines=reader.read("/f", [text], home="/home/dev").lines)
    assert guarded_copy(host(), file, file.lines[0]) == ()
