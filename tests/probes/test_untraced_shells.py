"""Korn and C shells, really started for a user whose login shell they are; the lines behind their PATH come from reading their files."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from gosteward.host.local import LocalHost
from gosteward.probes import contexts
from gosteward.snapshot import Context, Gap, StartupFile, User

# Nobody's.
UID = 61237 if os.geteuid() == 0 else os.geteuid()
GID = 61237 if os.geteuid() == 0 else os.getegid()
WAYS = ("login", "interactive", "interactive-login", "script", "ssh-command")


class Home:
    """A home in a directory that the user may reach."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: dict[str, StartupFile] = {}

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text)

    def started(self, shell: str, *only: str) -> dict[str, Context]:
        """The contexts of the shell, without its name."""
        program = shutil.which(shell)
        assert program, f"these tests start real shells; install: {shell}"
        for place in (self.path, *self.path.rglob("*")):
            os.chown(place, UID, GID)
        user = User(name="dev", uid=UID, gid=GID, home=str(self.path), shell=program)
        names = tuple(f"{shell}-{way}" for way in only)
        found, files, gaps = contexts.collect(LocalHost({}), user, 8.0, names)
        assert [gap for gap in gaps if not gap.asked] == []
        self.files = {file.path.removeprefix(f"{self.path}/"): file for file in files}
        mine = [context for context in found if context.shell == shell]
        assert all(context.own and context.method == "traced" for context in mine)
        return {context.name.removeprefix(f"{shell}-"): context for context in mine}

    def added(self, context: Context) -> list[tuple[str, str, int]]:
        """Entries below /opt with the file and line that they are said to come from."""
        entries = [entry for entry in context.search_path if entry.directory.startswith("/opt/")]
        places = [next(iter(entry.sources), None) for entry in entries]
        return [
            (entry.directory, place.path.removeprefix(f"{self.path}/") if place else "", place.line if place else 0)
            for entry, place in zip(entries, places)
        ]


@pytest.fixture
def home():
    top = tempfile.mkdtemp(prefix="home-", dir="/tmp")
    os.chmod(top, 0o755)
    (Path(top) / "dev").mkdir()
    yield Home(Path(top) / "dev")
    shutil.rmtree(top)


@pytest.mark.parametrize(("shell", "rc"), [("ksh", ".kshrc"), ("mksh", ".mkshrc")])
def test_a_korn_shell_reads_its_files_in_each_way_of_starting(home: Home, shell: str, rc: str) -> None:
    home.write(".profile", "# mine\nexport PATH=$PATH:/opt/profile GOPATH=/srv/go\n")
    home.write(rc, "PATH+=:/opt/rc\n")
    found = home.started(shell, *WAYS)
    by_profile, by_rc = ("/opt/profile", ".profile", 2), ("/opt/rc", rc, 1)
    assert {way: home.added(context) for way, context in found.items()} == {
        "login": [by_profile],
        "interactive": [by_rc],
        "interactive-login": [by_profile, by_rc],
        "script": [],
        "ssh-command": [],
    }
    assert not any(context.unsure or context.status != "complete" for context in found.values())
    (gopath,) = [v for v in found["login"].variables if v.name == "GOPATH"]
    assert (gopath.value, gopath.exported, gopath.sources[0].line) == ("/srv/go", True, 2)
    assert home.files[rc].contexts == (f"{shell}-interactive", f"{shell}-interactive-login")


def test_the_file_that_env_names_stands_for_the_own_one_of_a_korn_shell(home: Home) -> None:
    home.write(".profile", "export ENV=$HOME/.shrc\n")
    home.write(".shrc", "PATH=$PATH:/opt/shrc\n")
    home.write(".kshrc", "PATH=$PATH:/opt/kshrc\n")
    found = home.started("ksh", "interactive", "interactive-login")
    assert home.added(found["interactive"]) == [("/opt/kshrc", ".kshrc", 1)]
    assert home.added(found["interactive-login"]) == [("/opt/shrc", ".shrc", 1)]


@pytest.mark.parametrize(("shell", "rc"), [("tcsh", ".tcshrc"), ("tcsh", ".cshrc"), ("csh", ".cshrc")])
def test_a_c_shell_reads_its_files_in_each_way_of_starting(home: Home, shell: str, rc: str) -> None:
    home.write(
        rc, "# mine\nset path = ( /opt/first $path )\nif ( $?prompt == 0 ) exit\nsetenv PATH ${PATH}:/opt/prompt\n"
    )
    home.write(".login", 'setenv GOFLAGS "-mod=mod"\nsetenv PATH "${PATH}:$HOME/bin:/opt/login"\n')
    found = home.started(shell)
    assert {way: home.added(context) for way, context in found.items()} == {
        "login": [("/opt/first", rc, 2), ("/opt/login", ".login", 2)],
        "script": [("/opt/first", rc, 2)],
        "ssh-command": [("/opt/first", rc, 2)],
    }
    assert not any(context.unsure for context in found.values())
    assert [(v.value, v.sources[0].line) for v in found["login"].variables if v.name == "GOFLAGS"] == [("-mod=mod", 1)]


def test_what_only_the_shell_itself_can_know_counts_and_is_unsure(home: Home) -> None:
    home.write(".cshrc", "setenv PATH /opt/`echo told`:${PATH}\n@ two = 1 + 1\nset path = ( $path /opt/$two )\n")
    context = home.started("tcsh", "login")["login"]
    assert [name for name, *_ in home.added(context)] == ["/opt/told", "/opt/2"]
    assert context.unsure
    assert home.files[".cshrc"].contexts == ("tcsh-login",)


@pytest.mark.parametrize(("shell", "name"), [("ksh", ".profile"), ("tcsh", ".cshrc")])
def test_a_start_up_file_that_hangs_is_cut_off(home: Home, shell: str, name: str) -> None:
    home.write(name, "sleep 60\n")
    assert home.started(shell, "login")["login"].status == "timed-out"


@pytest.mark.parametrize(("shell", "name"), [("ksh", ".profile"), ("mksh", ".profile"), ("tcsh", ".login")])
def test_an_environment_without_path_is_told_from_an_empty_one(home: Home, shell: str, name: str) -> None:
    home.write(name, "unset PATH\n" if name == ".profile" else "unsetenv PATH\n")
    assert home.started(shell, "login")["login"].path_unset


def test_they_are_started_for_nobody_else(home: Home) -> None:
    names = {context.shell for context in home.started("bash", "login").values()}
    assert names == {"bash"}
    user = User(name="dev", uid=UID, gid=GID, home=str(home.path), shell="/bin/bash")
    found, _, gaps = contexts.collect(LocalHost({}), user, 8.0, ("ksh-login", "tcsh-login"))
    assert found == ()
    assert gaps == (Gap("contexts", "only ksh-login, tcsh-login looked at, as asked", asked=True),)
