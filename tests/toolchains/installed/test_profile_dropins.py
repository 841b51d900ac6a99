"""Files that shells read, in the shells themselves: one entry more, at the end, whatever the environment is."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from gosteward.toolchains.installed import profile_dropins

if TYPE_CHECKING:
    from pathlib import Path

POSIX_SHELLS = ("dash", "bash", "zsh -f", "ksh", "mksh", "bash --posix")
BEFORE = "/usr/bin:/bin"
ENVIRONMENTS = [
    ({"HOME": "/home/my user"}, "/home/my user/go/bin"),
    ({"HOME": "/home/dev/"}, "/home/dev/go/bin"),
    ({"HOME": "/"}, "/go/bin"),
    ({"HOME": "/home/dev", "GOPATH": "/srv/a $(id)/:/other"}, "/srv/a $(id)/bin"),
    ({"HOME": "/home/dev", "GOPATH": "relative"}, ""),
    ({"HOME": ""}, ""),
]


def path_after(command: list[str], script: str, environ: dict[str, str]) -> str:
    ran = subprocess.run([*command, "-c", script], env=environ, capture_output=True, text=True, check=True)
    assert ran.stderr == ""
    return ran.stdout.rstrip("\n")


@pytest.mark.parametrize("shell", POSIX_SHELLS)
@pytest.mark.parametrize(("environ", "entry"), ENVIRONMENTS)
def test_sourcing_twice_under_set_eu_adds_one_entry_at_the_end(
    tmp_path: Path, shell: str, environ: dict[str, str], entry: str
) -> None:
    file = tmp_path / "golang.sh"
    file.write_text(profile_dropins.POSIX_TEXT)
    script = f'set -eu; . {file}; . {file}; printf "%s[%s]" "$PATH" "${{_gopath-none}}"'
    expected = f"{BEFORE}:{entry}" if entry else BEFORE
    assert path_after(shell.split(), script, {"PATH": BEFORE, **environ}) == f"{expected}[none]"


@pytest.mark.parametrize("shell", POSIX_SHELLS)
def test_an_environment_with_neither_home_nor_path_stays_as_it_is(tmp_path: Path, shell: str) -> None:
    file = tmp_path / "golang.sh"
    file.write_text(profile_dropins.POSIX_TEXT)
    script = f'unset PATH HOME; set -eu; . {file}; printf "%s" "${{PATH-none}}${{HOME-none}}"'
    assert path_after(shell.split(), script, {}) == "nonenone"


@pytest.mark.parametrize(("environ", "entry"), ENVIRONMENTS)
def test_fish_has_the_same_entry(tmp_path: Path, environ: dict[str, str], entry: str) -> None:
    file = tmp_path / "golang.fish"
    file.write_text(profile_dropins.FISH_TEXT)
    # fish itself looks for the home of who has no HOME.
    without = "" if environ["HOME"] else "set -e HOME; "
    script = f"{without}source {file}; source {file}; string join : $PATH; set -q gopath; and echo left"
    expected = f"{BEFORE}:{entry}" if entry else BEFORE
    found = subprocess.run(
        ["fish", "--no-config", "-c", script], env={"PATH": BEFORE, **environ}, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert (found.stdout, found.stderr) == (f"{expected}\n", "")


def test_the_line_for_zsh_is_silent_where_the_file_is_gone(tmp_path: Path) -> None:
    line = profile_dropins.zsh_line(str(tmp_path / "golang.sh"))
    assert path_after(["zsh", "-f"], f"set -eu; {line}\nprintf ok", {"HOME": "/"}) == "ok"


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("emulate sh -c 'source /etc/profile'\n", True),
        ("if [ -f /etc/profile ]; then\n\tsource /etc/profile\nfi\n", True),
        ("for f in /etc/profile.d/*.sh; do . $f; done\n", True),
        (profile_dropins.zsh_line("/etc/profile.d/golang.sh"), True),
        ("# like /etc/profile\n", False),
        (". /etc/profile.d/java.sh\n. /etc/profile-zsh\n", False),
    ],
)
def test_a_zprofile_that_reads_profile_needs_no_line(text: str, reads: bool) -> None:
    assert profile_dropins.reads_profile(text) is reads
