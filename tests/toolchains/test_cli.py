"""The commands as they are typed, one behind the other, by root in places of its own: what they print, and how they end."""

from __future__ import annotations

import grp
import json
import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, NamedTuple

import pytest

from toolchains.godev_server import toolchain_proxy
from toolchains.small_release import small_release

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLD, NEW = small_release("go1.26.90"), small_release("go1.26.91")
PLACES = "for place in /var/lib /var/cache; do mount -t tmpfs none $place; done"


class Ran(NamedTuple):
    """How a command ended.  said: standard output and error."""

    code: int
    said: str


class Shell:
    """Commands in one mount namespace, in which the journal and the cache are new.  root: where toolchains go."""

    def __init__(self, top: Path, **environment: str) -> None:
        self.root = top / "opt/go"
        self.root.parent.mkdir()
        self.environment = {"HOME": str(top), "PATH": os.environ["PATH"], "GOENV": "off", **environment}

    def run(self, *lines: str) -> list[Ran]:
        """Each line is `gosteward` with these words; those of one call share the namespace, so all of a test come in one."""
        program = f"{sys.executable} -I -m gosteward"
        script = "\n".join(f"{program} {line} 2>&1 </dev/null; printf '\\036%s\\036' $?" for line in lines)
        command = ["sh", "-c", f"{PLACES}\n{script}"]
        command = ["unshare", "-m", *command] if os.geteuid() == 0 else ["sh", "-c", script]
        ran = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True)
        parts = ran.stdout.split("\x1e")
        return [Ran(int(code), said) for said, code in zip(parts[::2], parts[1::2])]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with toolchain_proxy(OLD, NEW) as proxy:
        yield Shell(tmp_path, GOPROXY=proxy.url, GOSUMDB=proxy.vkey)


def test_from_the_first_installation_to_the_last_removal(shell: Shell) -> None:
    at = f"--root {shell.root}"
    found = shell.run(
        f"install 1.26.90 {at} --no-links", f"list {at}", f"upgrade {at} --no-links", f"which {at}",
        f"exec 1.26.90 {at} -- go version", f"uninstall 1.26.91 {at}", f"use 1.26.90 {at} --no-links", f"uninstall 1.26.91 {at}",
        "undo --yes", f"uninstall latest {at}", f"prune {at}", f"prune {at} --yes", "history", f"list {at} --format json",
        f"verify 1.26.90 {at} --files-only --offline",
    )  # fmt: skip
    said = [ran.said for ran in found]
    assert [ran.code for ran in found] == [0, 0, 0, 0, 0, 75, 0, 0, 0, 0, 2, 0, 0, 0, 0], said
    assert said[0].startswith(f"installed go1.26.90: {shell.root}/go1.26.90\n  from http://127.0.0.1:")
    assert "proved by the transparency log (log.example, record " in said[0]
    assert said[1].startswith("* go1.26.90    log            supported\nas of 20")
    assert "in use: go1.26.91" in said[2]
    assert said[3] == f"{shell.root}/go1.26.91/bin/go\n"
    assert said[4] == "go version go1.26.90 linux/amd64\n"
    assert "go1.26.91 is in use" in said[5]
    assert said[10].endswith("hint: add --yes\n")
    assert f"removed {shell.root}/.go1.26.91.aside" in said[11]
    assert [row["version"] for row in json.loads(said[13])["trees"]] == ["go1.26.90"]
    assert said[14].startswith(f"go1.26.90 in {shell.root}/go1.26.90 is the release that the public log names")


def test_every_refusal_is_one_clear_error_with_its_exit_code(shell: Shell) -> None:
    at = f"--root {shell.root}"
    found = shell.run(
        f"install foo {at}", f"install 1.26.95 {at}", "install 1.26.90 --root relative", f"install 1.26.90 {at} --offline",
        f"install ./none.mod {at}", f"install 1.26.90 {at} --from relative", f"use 1.25 {at}", f"which {at}", f"upgrade {at}",
        f"install 1.26.90 {at} --group nosuchgroup", f"exec 1.25 {at} -- go version", f"available 1.19 --from {shell.environment['GOPROXY']}",
        f"verify 1.25 {at}", "install 1.26.90 --root /etc/passwd/go",
    )  # fmt: skip
    assert [ran.code for ran in found] == [2, 75, 2, 75, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], [ran.said for ran in found]
    for ran in found:
        first, *hints = ran.said.splitlines()
        assert first.startswith("gosteward: "), ran.said
        assert len(hints) <= 1
        assert "Traceback" not in ran.said


def test_what_can_be_installed_is_listed_the_newest_of_each_line(shell: Shell) -> None:
    newest, all_of_them = shell.run("available", "available 1.26")
    assert newest.said.startswith("go1.26.91    supported\nas of 20")
    assert all_of_them.said.startswith("go1.26.91    supported\ngo1.26.90    supported\nas of 20")


def test_a_flag_with_an_empty_value_is_refused_and_not_taken_for_the_default(shell: Shell) -> None:
    found = shell.run(*(f"install 1.26.90 {flag} ''" for flag in ("--root", "--group", "--from", "--allow-unverified")))
    assert [ran.code for ran in found] == [2, 2, 2, 2]
    assert all(ran.said.endswith(": it is empty\n") for ran in found), [ran.said for ran in found]


def test_exec_runs_no_other_go_where_the_release_may_not_be_run(shell: Shell) -> None:
    at = f"--root {shell.root}"
    shell.run(f"install 1.26.90 {at} --no-links")
    (shell.root / "go1.26.90/bin/go").chmod(0o644)
    (found,) = shell.run(f"exec 1.26.90 {at} -- go version")
    assert found == Ran(126, f"gosteward: you may not run it: {shell.root}/go1.26.90/bin/go\n")


def test_a_tree_that_a_link_beside_it_leads_to_is_not_taken_away(shell: Shell) -> None:
    at = f"--root {shell.root}"
    shell.run(f"install 1.26.90 {at} --no-links", f"install 1.26.91 {at} --no-links")
    (shell.root / "next").symlink_to("go1.26.91")
    (found,) = shell.run(f"uninstall 1.26.91 {at}")
    assert (found.code, found.said) == (
        75,
        f"gosteward: {shell.root}/next -> go1.26.91 names it: {shell.root}/go1.26.91\n",
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives trees to groups")
def test_what_follows_a_tree_of_a_group_is_of_that_group(shell: Shell) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as top:  # where members of the group can come
        os.chmod(top, 0o755)
        at = f"--root {top}/go"
        found = shell.run(f"install 1.26.90 {at} --no-links --group tty", f"upgrade {at} --no-links")
        assert [ran.code for ran in found] == [0, 0], [ran.said for ran in found]
        status = os.stat(f"{top}/go/go1.26.91")
    assert (status.st_gid, status.st_mode & 0o7777) == (grp.getgrnam("tty").gr_gid, 0o2750)
