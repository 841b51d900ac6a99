"""Real shells, started as a user whose home a test has written: what they do to PATH, and the lines that did it."""

from __future__ import annotations

import ctypes
import hashlib
import os
import pickle
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gosteward.host import commands
from gosteward.host.local import LocalHost
from gosteward.probes import traced_contexts
from gosteward.snapshot import Context, Gap, User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOSTILE_HOMES = Path(__file__).parent.parent / "hostile_homes"
SHELLS = ("bash", "dash", "zsh", "fish")
# Nobody's: signals and limits of a test then reach nobody else.
UID = 61234 if os.geteuid() == 0 else os.geteuid()
GID = 61234 if os.geteuid() == 0 else os.getegid()
PR_SET_DUMPABLE = 4


class Home:
    """A home in a directory that the user may reach."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str) -> str:
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
        return str(place)

    def line(self, name: str, number: int) -> tuple[str, int]:
        return str(self.path / name), number

    def user(self, shell: str = "/bin/bash") -> User:
        for place in (self.path, *self.path.rglob("*")):
            os.chown(place, UID, GID, follow_symlinks=False)
        return User(name="dev", uid=UID, gid=GID, home=str(self.path), shell=shell)

    def trace(self, *names: str, shell: str = "/bin/bash", seconds: float = 8.0) -> dict[str, Context]:
        """The named contexts, all of them for no name."""
        missing = [name for name in SHELLS if shutil.which(name) is None]
        assert not missing, f"these tests start real shells; install: {' '.join(missing)}"
        contexts, gaps = traced_contexts.collect(LocalHost({}), self.user(shell), seconds, names)
        assert gaps == ()
        return {context.name: context for context in contexts}

    def digest(self) -> dict[str, object]:
        """Everything about it that a start-up file could change, but for the times of directories' reading."""
        found: dict[str, object] = {}
        for place in sorted(self.path.rglob("*")):
            status = place.lstat()
            content = hashlib.sha256(place.read_bytes()).hexdigest() if stat.S_ISREG(status.st_mode) else ""
            found[str(place)] = (status.st_mode, status.st_uid, status.st_size, status.st_mtime_ns, content)
        return found


@pytest.fixture
def home() -> Iterator[Home]:
    top = tempfile.mkdtemp(prefix="home-", dir="/tmp")
    os.chmod(top, 0o755)
    path = Path(top) / "dev"
    path.mkdir()
    yield Home(path)
    shutil.rmtree(top)


@pytest.fixture
def hostile(home: Home) -> Callable[[str], Home]:
    def copy(name: str) -> Home:
        shutil.copytree(HOSTILE_HOMES / name, home.path, dirs_exist_ok=True)
        return home

    return copy


def sources_of(context: Context, directory: str) -> list[tuple[str, int]]:
    """Lines behind the only entry of that name."""
    (entry,) = [entry for entry in context.search_path if entry.directory == directory]
    return [(source.path, source.line) for source in entry.sources]


def setter_of(context: Context, name: str) -> tuple[str, bool, tuple[str, int]]:
    """Value, whether it is exported, and the line that set it."""
    (variable,) = [variable for variable in context.variables if variable.name == name]
    return variable.value, variable.exported, (variable.sources[0].path, variable.sources[0].line)


def directories(context: Context) -> list[str]:
    return [entry.directory for entry in context.search_path]


# Hostile homes: what a start-up file may do, and what is reported.

STOPPED = {
    "hangs": ("timed-out", "hangs", ".bashrc", 2),
    "reads": ("timed-out", "reads-input", ".bashrc", 2),
    "exits": ("no-answer", "exits", ".bashrc", 2),
    "replaced": ("no-answer", "exec", ".bashrc", 2),
}


@pytest.mark.parametrize("name", STOPPED)
def test_a_startup_file_that_stops_the_shell_is_named_with_its_line_and_earlier_entries_keep_theirs(
    name: str, hostile: Callable[[str], Home]
) -> None:
    home = hostile(name)
    context = home.trace("bash-interactive", seconds=2.0)["bash-interactive"]
    status, reason, path, line = STOPPED[name]
    assert (context.status, context.reason) == (status, reason)
    assert context.stopped_at is not None
    assert (context.stopped_at.path, context.stopped_at.line) == home.line(path, line)
    assert sources_of(context, "/opt/before/bin") == [home.line(".bashrc", 1)]
    assert "/opt/after/bin" not in directories(context)
    if name == "hangs":
        assert setter_of(context, "GOPATH") == (f"{home.path}/before", True, home.line(".bashrc", 1))


def test_a_startup_file_that_stops_one_shell_does_not_stop_the_others(hostile: Callable[[str], Home]) -> None:
    found = hostile("hangs").trace(seconds=4.0)  # all of them start at once
    stopped = {name for name, context in found.items() if context.status != "complete"}
    assert stopped == {"bash-interactive", "bash-ssh-command", "su"}


def test_files_that_source_each_other_are_a_recursion(hostile: Callable[[str], Home]) -> None:
    context = hostile("recursive").trace("bash-interactive", seconds=2.0)["bash-interactive"]
    assert context.status in ("timed-out", "no-answer")
    assert context.reason == "recursion"
    assert context.stopped_at is not None
    assert context.stopped_at.path.endswith((".bashrc", ".bash_profile"))


def test_a_path_that_grows_past_what_programs_can_be_given_is_named_with_its_line(
    hostile: Callable[[str], Home],
) -> None:
    home = hostile("grows")
    context = home.trace("bash-interactive", seconds=1.5)["bash-interactive"]
    assert context.reason == "path-too-long"
    assert context.stopped_at is not None
    assert (context.stopped_at.path, context.stopped_at.line) == home.line(".bashrc", 2)
    assert len(context.search_path) <= 4096


COMPLETE = {
    "asks": {"/opt/go/bin": 3},
    "dials": {"/opt/go/bin": 3},
    "readonly": {"/opt/go/bin": 1},
    "untraced": {"/opt/first/bin": 1, "/opt/second/bin": 3},
    "own_ps4": {"/opt/first/bin": 1, "/opt/second/bin": 3},
    "debug_trap": {"/opt/go/bin": 2},
    "carriage_returns": {"/opt/go/bin\r": 2},
    "empty_entries": {".": 1},
    "quoted": {"$PATH": 1, "/opt/go/bin": 1},
    "daemons": {"/opt/go/bin": 4},
    "writes": {"/opt/go/bin": 10},
}


@pytest.mark.parametrize("name", COMPLETE)
def test_a_startup_file_that_plays_tricks_is_attributed_exactly(name: str, hostile: Callable[[str], Home]) -> None:
    home = hostile(name)
    context = home.trace("bash-interactive")["bash-interactive"]
    assert (context.status, context.reason, context.unsure) == ("complete", "", False)
    for directory, line in COMPLETE[name].items():
        assert sources_of(context, directory) == [home.line(".bashrc", line)]
    assert "/opt/never/bin" not in directories(context)


@pytest.mark.parametrize("name", ["untraced", "own_ps4"])
def test_a_variable_set_after_the_trace_went_dark_has_its_line(name: str, hostile: Callable[[str], Home]) -> None:
    home = hostile(name)
    context = home.trace("bash-interactive")["bash-interactive"]
    assert setter_of(context, "GOPATH") == (f"{home.path}/go", True, home.line(".bashrc", 4))


def test_empty_and_dot_entries_come_out_as_they_stand(hostile: Callable[[str], Home]) -> None:
    context = hostile("empty_entries").trace("bash-interactive")["bash-interactive"]
    assert directories(context)[:3] == ["", "", "."]


def test_no_process_of_a_startup_file_is_left(hostile: Callable[[str], Home]) -> None:
    hostile("daemons").trace("bash-interactive", "bash-ssh-command")
    assert not commands_running(b"98.7654321")


def test_processes_that_a_startup_file_leaves_running_have_their_line(hostile: Callable[[str], Home]) -> None:
    home = hostile("daemons")
    context = home.trace("bash-interactive")["bash-interactive"]
    found = {left.name: left.source and (left.source.path, left.source.line) for left in context.left_running}
    assert found["ssh-agent"] == home.line(".bashrc", 1)


def test_a_quiet_startup_leaves_nothing_running(home: Home) -> None:
    home.write(".bashrc", "PATH=$PATH:/opt/go/bin\nx=$(date)\ncat /etc/hostname | cat >/dev/null\n")
    assert home.trace("bash-interactive")["bash-interactive"].left_running == ()


def commands_running(word: bytes) -> list[bytes]:
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = Path(f"/proc/{name}/cmdline").read_bytes()
        except OSError:
            continue
        if word in line:
            found.append(line)
    return found


@pytest.mark.parametrize("level", ["processes", "mounts", "landlock"])
def test_startup_files_change_nothing_in_the_home(
    level: str, hostile: Callable[[str], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gosteward.host.isolation.LEVELS", (level,))
    home = hostile("writes")
    home.user()
    before = home.digest()
    found = home.trace()
    assert {context.status for context in found.values()} == {"complete"}
    assert home.digest() == before


# Attribution, shell by shell.


def test_functions_eval_and_source_chains_name_the_line_a_person_would_edit_first(home: Home) -> None:
    home.write(".profile", '. "$HOME/.bashrc"\n')
    home.write(
        ".bashrc",
        "add() {\n  PATH=$1:$PATH\n}\nadd /opt/by-function/bin\neval 'PATH=$PATH:/opt/by-eval/bin'\n. ~/.more\n",
    )
    home.write(".more", "PATH=$PATH:/opt/by-source/bin\n")
    context = home.trace("bash-login")["bash-login"]
    assert not context.unsure
    assert sources_of(context, "/opt/by-function/bin")[0] == home.line(".bashrc", 4)
    assert sources_of(context, "/opt/by-eval/bin") == [home.line(".bashrc", 5), home.line(".profile", 1)]
    assert sources_of(context, "/opt/by-source/bin") == [
        home.line(".more", 1), home.line(".bashrc", 6), home.line(".profile", 1),
    ]  # fmt: skip
    assert context.files_read[-3:] == tuple(str(home.path / name) for name in (".profile", ".bashrc", ".more"))


def test_variables_of_a_file_sourced_under_set_a_belong_to_that_file(home: Home) -> None:
    home.write(".profile", "# settings\nset -a; . ~/.env; set +a\n")
    home.write(".env", "GOPATH=$HOME/work\nGOROOT=/opt/go\nCC=clang\nPKG_CONFIG_LIBDIR=/opt/pc\n")
    found = home.trace("bash-login", "sh-login")
    for context in found.values():
        assert not context.unsure
        assert setter_of(context, "GOPATH") == (f"{home.path}/work", True, home.line(".env", 1))
        assert setter_of(context, "PKG_CONFIG_LIBDIR") == ("/opt/pc", True, home.line(".env", 4))
        (variable,) = [variable for variable in context.variables if variable.name == "CC"]
        assert [(s.path, s.line) for s in variable.sources] == [home.line(".env", 3), home.line(".profile", 2)]


def test_a_variable_that_is_not_exported_is_marked_so(home: Home) -> None:
    home.write(".bashrc", "GOPATH=$HOME/work\nGOBIN=$HOME/bin\nexport GOBIN\nexport GOFLAGS=-v\nunset GOFLAGS\n")
    home.write(".zshrc", "GOPATH=$HOME/work\n")
    home.write(".config/fish/config.fish", "set GOPATH $HOME/work\nset -gx GOBIN /opt/bin\n")
    found = home.trace("bash-interactive", "zsh-interactive", "fish-interactive")
    assert setter_of(found["bash-interactive"], "GOPATH") == (f"{home.path}/work", False, home.line(".bashrc", 1))
    assert setter_of(found["bash-interactive"], "GOBIN")[1]
    assert "GOFLAGS" not in [variable.name for variable in found["bash-interactive"].variables]
    assert setter_of(found["zsh-interactive"], "GOPATH") == (f"{home.path}/work", False, home.line(".zshrc", 1))
    fish = found["fish-interactive"]
    assert setter_of(fish, "GOPATH") == (f"{home.path}/work", False, home.line(".config/fish/config.fish", 1))
    assert setter_of(fish, "GOBIN") == ("/opt/bin", True, home.line(".config/fish/config.fish", 2))


def test_a_reset_owns_everything_and_tells_what_it_threw_away_and_whose_it_was(home: Home) -> None:
    home.write(".bashrc", "PATH=$PATH:/opt/go/bin\nexport PATH=/usr/local/bin:/usr/bin:/bin\n")
    context = home.trace("bash-interactive")["bash-interactive"]
    assert all(sources_of(context, d) == [home.line(".bashrc", 2)] for d in ("/usr/local/bin", "/usr/bin", "/bin"))
    (lost,) = [lost for lost in context.lost if lost.directory == "/opt/go/bin"]
    assert [(s.path, s.line) for s in lost.sources] == [home.line(".bashrc", 1)]
    assert lost.dropped_by is not None
    assert (lost.dropped_by.path, lost.dropped_by.line) == home.line(".bashrc", 2)


def test_a_reset_to_the_same_value_counts_too(home: Home) -> None:
    home.write(".bash_profile", "PATH=/usr/local/bin:/usr/bin:/bin\nPATH=/usr/local/bin:/usr/bin:/bin\n")
    context = home.trace("bash-login")["bash-login"]
    assert sources_of(context, "/usr/bin") == [home.line(".bash_profile", 2)]


def test_each_copy_of_a_duplicate_has_its_own_line(home: Home) -> None:
    home.write(".bashrc", "PATH=$PATH:/opt/go/bin\nPATH=$PATH:/opt/go/bin\n")
    context = home.trace("bash-interactive")["bash-interactive"]
    lines = [entry.sources[0].line for entry in context.search_path if entry.directory == "/opt/go/bin"]
    assert lines == [1, 2]


def test_a_copy_put_in_front_belongs_to_the_line_that_put_it_there(home: Home) -> None:
    home.write(".bashrc", "PATH=/opt/go/bin:$PATH\nPATH=/opt/go/bin:$PATH\n")
    context = home.trace("bash-interactive")["bash-interactive"]
    lines = [entry.sources[0].line for entry in context.search_path if entry.directory == "/opt/go/bin"]
    assert lines == [2, 1]


def test_lines_of_an_evaluated_text_are_not_those_of_the_file(home: Home) -> None:
    home.write("init.sh", "printf 'X=1\\nY=2\\nexport PATH=/opt/shims:$PATH\\nZ=3\\n'\n")
    home.write(".bashrc", 'eval "$(sh ~/init.sh)"\nW=4\nPATH=/opt/go/bin:$PATH\n')
    context = home.trace("bash-interactive")["bash-interactive"]
    assert sources_of(context, "/opt/shims") == [home.line(".bashrc", 1)]
    assert sources_of(context, "/opt/go/bin") == [home.line(".bashrc", 3)]


def test_zsh_arrays_and_unique_paths(home: Home) -> None:
    home.write(".zshenv", "typeset -U path\npath+=(/opt/a/bin)\npath=(/opt/b/bin $path)\npath+=(/opt/a/bin)\n")
    home.write(".zshrc", "add() {\n  emulate -L zsh\n  path=($1 $path)\n}\nadd /opt/c/bin\n")
    found = home.trace("zsh-script", "zsh-interactive")
    script, interactive = found["zsh-script"], found["zsh-interactive"]
    assert not script.unsure
    assert not interactive.unsure
    assert directories(script)[0] == "/opt/b/bin"
    assert sources_of(script, "/opt/a/bin") == [home.line(".zshenv", 2)]
    assert sources_of(script, "/opt/b/bin") == [home.line(".zshenv", 3)]
    assert sources_of(interactive, "/opt/c/bin")[0] == home.line(".zshrc", 5)


def test_fish_add_path_and_universal_paths(home: Home) -> None:
    home.write(".config/fish/fish_variables", "# VERSION: 3.0\nSETUVAR fish_user_paths:/usr/local\\x1e/usr/lib\n")
    home.write(".config/fish/conf.d/00-first.fish", "fish_add_path -g /usr/share\n")
    home.write(
        ".config/fish/config.fish",
        "function add\n    set -gx PATH $argv[1] $PATH\nend\nadd /opt/go/bin\nset -a PATH /opt/last/bin\n",
    )
    found = home.trace("fish-login", "fish-interactive", "fish-script", "fish-ssh-command")
    assert len(found) == 4
    for context in found.values():
        assert not context.unsure
        assert sources_of(context, "/usr/local") == [home.line(".config/fish/fish_variables", 2)]
        assert sources_of(context, "/usr/lib") == [home.line(".config/fish/fish_variables", 2)]
        assert sources_of(context, "/usr/share")[0] == home.line(".config/fish/conf.d/00-first.fish", 1)
        assert sources_of(context, "/opt/go/bin")[0] == home.line(".config/fish/config.fish", 4)
        assert sources_of(context, "/opt/last/bin") == [home.line(".config/fish/config.fish", 5)]
        assert not any("gosteward" in path for path in context.files_read)


def test_fish_attribution_holds_without_the_hook(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gosteward.host.isolation.LEVELS", ("landlock",))
    home.write(".config/fish/config.fish", "set -gx GOPATH $HOME/work\nset -gx PATH /opt/go/bin $PATH\n")
    context = home.trace("fish-script")["fish-script"]
    assert not context.unsure
    assert sources_of(context, "/opt/go/bin") == [home.line(".config/fish/config.fish", 2)]
    assert setter_of(context, "GOPATH") == (f"{home.path}/work", True, home.line(".config/fish/config.fish", 1))


@pytest.mark.parametrize("helper", [True, False])
def test_a_plain_sh_has_lines_with_and_without_a_bash_to_play_it(
    helper: bool, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not helper:
        from gosteward.probes import shell_starts

        found_by = shell_starts.program_of
        without = lambda host, user, shell: "" if shell == "bash" else found_by(host, user, shell)  # noqa: E731
        monkeypatch.setattr("gosteward.probes.shell_starts.program_of", without)
    home.write(
        ".profile", '# go\nif [ -n "$BASH_VERSION" ]; then\n  PATH=/opt/bash-only/bin:$PATH\nfi\n. "$HOME/.go"\n'
    )
    home.write(".go", "export GOPATH=$HOME/work\nPATH=$PATH:/opt/go/bin\n")
    context = home.trace("sh-login")["sh-login"]
    assert not context.unsure
    assert sources_of(context, "/opt/go/bin")[0] == home.line(".go", 2)
    assert setter_of(context, "GOPATH") == (f"{home.path}/work", True, home.line(".go", 1))
    assert "/opt/bash-only/bin" not in directories(context)


def test_strange_names_pass_through_every_shell(home: Home) -> None:
    strange = (
        "/opt/下载/go",
        "/opt/a b",
        "/opt/100%d/%x",
        "$(touch /tmp/strange)",
        "`id`",
        "$PATH",
        "/opt/it's",
        '/opt/"q"',
        "/opt/*",
        "~",
    )
    quoted = ["'" + name.replace("'", "'\\''") + "'" for name in strange]
    home.write(".bashrc", "".join(f"PATH=$PATH:{name}\n" for name in quoted))
    home.write(".profile", "".join(f"PATH=$PATH:{name}\n" for name in quoted))
    home.write(".zshrc", "".join(f"path+=({name})\n" for name in quoted))
    fish = ["'" + name.replace("'", "\\'") + "'" for name in strange]
    home.write(".config/fish/config.fish", "".join(f"set -a PATH {name}\n" for name in fish))
    found = home.trace("bash-interactive", "sh-login", "zsh-interactive", "fish-interactive")
    for context in found.values():
        assert not context.unsure
        entries = [entry for entry in context.search_path if entry.directory in strange]
        assert [entry.directory for entry in entries] == list(strange)
        assert [entry.sources[0].line for entry in entries] == list(range(1, len(strange) + 1)), context.name


STOPS = {
    "sh-login": (".profile", "PATH=$PATH:/opt/before/bin\n{}\n"),
    "zsh-interactive": (".zshrc", "path+=(/opt/before/bin)\n{}\n"),
    "fish-interactive": (".config/fish/config.fish", "set -a PATH /opt/before/bin\n{}\n"),
}


@pytest.mark.parametrize("name", STOPS)
@pytest.mark.parametrize(
    ("command", "ending"),
    [
        ("sleep 100", ("timed-out", "hangs")),
        ("exit 3", ("no-answer", "exits")),
        ("exec true", ("no-answer", "exec")),
    ],
)
def test_every_shell_names_the_line_that_stopped_it(
    name: str, command: str, ending: tuple[str, str], home: Home
) -> None:
    if name.startswith("fish") and command.startswith("exit"):
        ending = ("complete", "")  # fish goes on
    path, text = STOPS[name]
    home.write(path, text.format(command))
    context = home.trace(name, seconds=2.0)[name]
    assert (context.status, context.reason) == ending
    if context.status != "complete":
        assert context.stopped_at is not None
        assert (context.stopped_at.path, context.stopped_at.line) == home.line(path, 2)
    assert sources_of(context, "/opt/before/bin") == [home.line(path, 1)]


def test_aliases_and_functions_named_go_are_found_with_their_line(home: Home) -> None:
    home.write(".bashrc", "alias go='git checkout'\ngofmt() { :; }\n")
    home.write(".zshrc", "# mine\nalias go='git checkout'\ngofmt() { :; }\n")
    home.write(".config/fish/config.fish", "alias go 'git checkout'\nfunction gofmt\n    true\nend\n")
    found = home.trace("bash-interactive", "zsh-interactive", "fish-interactive")
    told = {
        name: {(alias.name, alias.kind, alias.value, alias.source and alias.source.line) for alias in context.aliases}
        for name, context in found.items()
    }
    assert told == {
        "bash-interactive": {("go", "alias", "git checkout", 1), ("gofmt", "function", "", 2)},
        "zsh-interactive": {("go", "alias", "git checkout", 2), ("gofmt", "function", "", 3)},
        "fish-interactive": {("go", "alias", "git checkout", 1), ("gofmt", "function", "", 2)},
    }


def test_a_slow_line_is_reported_with_its_time(home: Home) -> None:
    home.write(".bashrc", "true\nsleep 0.3\n")
    context = home.trace("bash-interactive")["bash-interactive"]
    ((location, seconds),) = context.slow
    assert (location.path, location.line) == home.line(".bashrc", 2)
    assert 0.3 <= seconds < 2.0


def test_a_slow_line_of_fish_is_reported_with_its_time(home: Home) -> None:
    home.write(".config/fish/conf.d/first.fish", "test -e /; and sleep 0.15\n")
    home.write("more.fish", "# again\nsleep 0.12\n")
    home.write(
        ".config/fish/config.fish",
        "sleep 0.01\nfunction slowly\n    sleep 0.2\nend\nslowly\nset -l more ~/more.fish\nif test -e $more\n    source $more\n"
        "    for turn in 1 2\n        sleep 0.1\n    end\nend\nset -l answer (sleep 0.13; echo yes)\nsleep 0.01\n",
    )
    slow = home.trace("fish-interactive")["fish-interactive"].slow
    told = {(place.path.removeprefix(f"{home.path}/"), place.line, place.text): seconds for place, seconds in slow}
    least = {
        (".config/fish/conf.d/first.fish", 1, "test -e /; and sleep 0.15"): 0.15,
        (".config/fish/config.fish", 5, "slowly"): 0.2,
        ("more.fish", 2, "sleep 0.12"): 0.12,
        (".config/fish/config.fish", 10, "        sleep 0.1"): 0.2,
        (".config/fish/config.fish", 13, "set -l answer (sleep 0.13; echo yes)"): 0.13,
    }
    assert told.keys() == least.keys()
    assert all(seconds <= told[place] < 2.0 for place, seconds in least.items())


def test_a_startup_file_may_open_the_standard_error_of_its_shell(home: Home) -> None:
    home.write(".bashrc", "echo hello > /dev/stderr && PATH=/opt/told:$PATH\n")
    assert directories(home.trace("bash-interactive")["bash-interactive"])[0] == "/opt/told"


# Which files each way of starting reads.


def test_every_way_of_starting_reads_its_own_files(home: Home) -> None:
    names = (".profile", ".bashrc", ".zshenv", ".zprofile", ".zshrc", ".zlogin")
    for name in names:
        home.write(name, f"PATH=$PATH:/opt{name}\n")
    home.write(".config/fish/config.fish", "set -a PATH /opt.fish\n")
    found = home.trace()
    read = {
        name: [d.removeprefix("/opt.") for d in directories(context) if d.startswith("/opt.")]
        for name, context in found.items()
    }
    assert read == {
        "bash-login": ["profile"],
        "bash-interactive": ["bashrc"],
        "bash-interactive-login": ["profile"],
        "bash-script": [],
        "bash-ssh-command": ["bashrc"] if finds_sshd() else [],
        "sh-login": ["profile"],
        "sh-script": [],
        "zsh-login": ["zshenv", "zprofile", "zlogin"],
        "zsh-interactive": ["zshenv", "zshrc"],
        "zsh-interactive-login": ["zshenv", "zprofile", "zshrc", "zlogin"],
        "zsh-script": ["zshenv"],
        "zsh-ssh-command": ["zshenv"],
        "fish-login": ["fish"],
        "fish-interactive": ["fish"],
        "fish-script": ["fish"],
        "fish-ssh-command": ["fish"],
        "su": ["bashrc"],
    }
    assert not [name for name, context in found.items() if context.unsure]
    assert {name for name, context in found.items() if context.own} == {
        n for n in found if n.startswith(("bash", "su"))
    }


def finds_sshd() -> bool:
    program = shutil.which("bash")
    assert program is not None
    return b"SSH2_CLIENT" in Path(program).read_bytes()


def test_bash_env_is_read_by_scripts_and_nothing_else(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from gosteward.shells import session
    from gosteward.snapshot import EnvironmentVariable

    script = home.write("script-env", "PATH=$PATH:/opt/go/bin\n")
    first = session.first_environment
    more = lambda *words: (*first(*words), EnvironmentVariable("BASH_ENV", script), EnvironmentVariable("ENV", script))  # noqa: E731
    monkeypatch.setattr(session, "first_environment", more)
    found = home.trace("bash-script", "sh-script", "zsh-script", "bash-login", "su", shell="/bin/sh")
    assert {name for name, context in found.items() if "/opt/go/bin" in directories(context)} == {
        "bash-script", "bash-login", "su",
    }  # fmt: skip
    assert sources_of(found["bash-script"], "/opt/go/bin") == [(script, 1)]
    assert sources_of(found["su"], "/opt/go/bin") == [(script, 1)]
    assert not [name for name, context in found.items() if context.unsure]


# Who asks, and for whom.

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 and not os.environ.get("CI"), reason="needs root, to become somebody else"
)


@needs_root
def test_an_ordinary_user_examines_themselves(home: Home) -> None:
    home.write(".bashrc", "PATH=$PATH:/opt/go/bin\nexport GOPATH=/opt/g\n")
    home.write(".config/fish/config.fish", "fish_add_path -g /usr/share\n")
    user = home.user()
    contexts, gaps = in_child(lambda: traced_contexts.collect(LocalHost({}), user, 8.0, ()))
    assert gaps == ()
    found = {context.name: context for context in contexts}
    assert {context.status for context in contexts} == {"complete"}
    assert sources_of(found["bash-interactive"], "/opt/go/bin") == [home.line(".bashrc", 1)]
    assert sources_of(found["fish-login"], "/usr/share") == [home.line(".config/fish/config.fish", 1)]


@needs_root
def test_nobody_but_root_starts_shells_of_others(home: Home) -> None:
    other = home.user()._replace(uid=UID + 1, gid=GID + 1)
    contexts, gaps = in_child(lambda: traced_contexts.collect(LocalHost({}), other, 8.0, ("bash-login",)))
    assert contexts == ()
    assert [gap.field for gap in gaps] == ["isolation", "contexts"]


def in_child(
    work: Callable[[], tuple[tuple[Context, ...], tuple[Gap, ...]]],
) -> tuple[tuple[Context, ...], tuple[Gap, ...]]:
    """Do `work` in a process of the user's, which has never been root as far as the kernel can see."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(GID, GID, GID)
            os.setresuid(UID, UID, UID)
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
            os.write(writer, pickle.dumps(work()))
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        data = stream.read()
    os.waitpid(child, 0)
    return pickle.loads(data)


class SudoersHost(LocalHost):
    """This machine, where dev may use sudo."""

    def lines(self, path: str) -> list[str]:
        if path == "/etc/sudoers":
            return ['Defaults secure_path="/usr/sbin:/usr/bin:/opt/secure/bin"', "dev ALL=(ALL) ALL"]
        return super().lines(path)

    def exists(self, path: str) -> bool:
        return path in ("/etc/sudoers", "/usr/bin/sudo") or super().exists(path)

    def listdir(self, path: str, limit: int = 10_000) -> list[str]:
        return [] if path == "/etc/sudoers.d" else super().listdir(path, limit)


@needs_root
def test_sudo_login_runs_roots_shell_as_root_with_sudos_path(home: Home) -> None:
    contexts, gaps = traced_contexts.collect(SudoersHost({}), home.user(), 8.0, ("sudo-login", "bash-script"))
    assert gaps == ()
    found = {context.name: context for context in contexts}
    assert (found["sudo-login"].run_as, found["bash-script"].run_as) == ("root", "dev")
    assert found["sudo-login"].kind == "sudo-login"


def test_root_has_no_second_login_through_sudo(home: Home) -> None:
    assert "sudo-login" not in home.trace("sudo-login")


def test_where_no_sandbox_can_be_built_no_shell_starts(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = Path("/tmp") / f"started-{os.getpid()}"
    home.write(".bashrc", f"touch {marker}\n")
    monkeypatch.setattr("gosteward.host.isolation.LEVELS", ("landlock",))
    monkeypatch.setattr("gosteward.host.isolation._restrict_writes", lambda *_, **__: 0)
    contexts, gaps = traced_contexts.collect(LocalHost({}), home.user(), 8.0, ("bash-interactive",))
    assert contexts == ()
    assert [gap.field for gap in gaps] == ["isolation", "contexts"]
    assert not marker.exists()


def test_an_unpacked_root_starts_nothing(home: Home) -> None:
    class Rooted(LocalHost):
        live = False

    assert traced_contexts.collect(Rooted({}), home.user(), 8.0, ()) == ((), ())


def test_a_home_that_is_not_there_is_no_obstacle(home: Home) -> None:
    user = home.user()._replace(home="/nonexistent")
    contexts, gaps = traced_contexts.collect(LocalHost({}), user, 8.0, ("bash-login", "zsh-login", "sh-login"))
    assert gaps == ()
    assert {context.status for context in contexts} == {"complete"}


def test_descriptors_and_environment_of_the_caller_do_not_reach_the_shells(home: Home) -> None:
    home.write(".bashrc", "for n in /proc/self/fd/*; do readlink $n; done | grep -c planted >&2 && exit 5\n")
    with tempfile.NamedTemporaryFile(suffix="planted") as planted:
        os.set_inheritable(planted.fileno(), True)
        context = home.trace("bash-interactive")["bash-interactive"]
    assert context.status == "complete"


# The second start, without a trace.

SLOWLY = "sleep 0.1\n"


@pytest.fixture
def endings(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """How each job ended, by its name."""
    found: dict[str, str] = {}
    run = commands.run

    def noting(batches: tuple[commands.Batch, ...], seconds: float) -> tuple[commands.Outcome, ...]:
        outcomes = run(batches, seconds)
        for batch, outcome in zip(batches, outcomes):
            found.update({job.name: ran.ended for job, ran in zip(batch.jobs, outcome.runs)})
        return outcomes

    monkeypatch.setattr(commands, "run", noting)
    return found


PLAIN = (
    "PATH=$PATH:/opt/go/bin\nexport GOPATH=$HOME/go\n",
    "case $- in\n    *i*) ;;\n      *) return;;\nesac\nPATH=$PATH:/opt/go/bin\nexport GOPATH=$HOME/go\n",
    'eval "$(printf \'export PATH=%s:/opt/go/bin GOPATH=~/go\' "$PATH")"\n',
)


@pytest.mark.parametrize("uid", [UID, *([0] if os.geteuid() == 0 else [])])
@pytest.mark.parametrize("text", PLAIN)
def test_a_slow_start_that_cannot_notice_its_trace_is_made_once_and_told_in_full(
    text: str, uid: int, home: Home, endings: dict[str, str]
) -> None:
    home.write(".bashrc", SLOWLY + text)
    user = home.user()._replace(uid=uid, gid=uid and GID)
    (context,), gaps = traced_contexts.collect(LocalHost({}), user, 30.0, ("bash-interactive",))
    assert gaps == ()
    assert endings == {"bash-interactive:traced": "exited", "bash-interactive:plain": "spared"}
    assert (context.status, context.reason, context.unsure, context.left_running) == ("complete", "", False, ())
    assert sources_of(context, "/opt/go/bin") == [
        home.line(".bashrc", 2 if "eval" in text else len(text.split("\n")) - 1)
    ]
    assert setter_of(context, "GOPATH")[:2] == (f"{home.path}/go", True)
    assert 0.1 <= context.seconds < 8.0


def test_a_quick_start_is_always_made_twice(home: Home, endings: dict[str, str]) -> None:
    home.write(".bashrc", PLAIN[0])
    home.trace("bash-script")
    assert endings["bash-script:plain"] == "exited"


NOTICING = {
    "flags": "[[ $- == *x* ]] && PATH=/opt/traced:$PATH\n",
    "flags in a case": "case $- in *x*) PATH=/opt/traced:$PATH ;; esac\n",
    "flags in a variable": "flags=$-; set +x\n[[ $flags == *x* ]] && PATH=/opt/traced:$PATH\n",
    "flags by another name": "name=-\n[[ ${!name} == *x* ]] && PATH=/opt/traced:$PATH\n",
    "flags in an eval": "eval \"$(printf '[[ $%s == *x* ]] && PATH=/opt/traced:$PATH' -)\"\n",
    "flags in a pipe": ". <(echo '[[ $- == *x* ]] && PATH=/opt/traced:$PATH')\n",
    "flags in a function": ". ~/functions; add_traced\n",
    "option": "[ -o xtrace ] && PATH=/opt/traced:$PATH\n",
    "options": "[[ $SHELLOPTS == *xtrace* ]] && PATH=/opt/traced:$PATH\n",
    "list of options": "set -o | grep -q '^xt.*on$' && PATH=/opt/traced:$PATH\n",
    "variable": '[ -n "$BASH_XTRACEFD" ] && PATH=/opt/traced:$PATH\n',
    "variable of a child": "sh -c '[ -n \"$BASH_XTRACEFD\" ]' && PATH=/opt/traced:$PATH\n",
    "command line": "tr '\\0' ' ' < /proc/$$/cmdline | grep -q ' -x ' && PATH=/opt/traced:$PATH\n",
    "its end": "[[ $- == *x* ]] && exec true\n",
}


@pytest.mark.parametrize("name", NOTICING)
def test_a_startup_file_that_behaves_otherwise_under_a_trace_makes_its_context_unsure(name: str, home: Home) -> None:
    home.write("functions", "add_traced() {\n  [[ $- == *x* ]] && PATH=/opt/traced:$PATH\n}\n")
    home.write(".bashrc", SLOWLY + NOTICING[name] + "PATH=$PATH:/opt/go/bin\n")
    context = home.trace("bash-interactive")["bash-interactive"]
    assert (context.status, context.unsure) == ("complete", True)
    assert "/opt/go/bin" in directories(context)
    assert "/opt/traced" not in directories(context)


DISTURBING = {
    "a trace switched off": "set +x\n",
    "a closed descriptor": "exec 9>&-\n",
    "all descriptors closed": 'for n in 3 4 5 6 7 8 9; do eval "exec $n>&-"; done\n',
    "another PS4": "PS4='$ '\n",
    "a syntax error": "if true; then ((; fi\n",
    "an error": "cd /nonexistent\n",
    "a process left running": "sleep 60 &\n",
    "a process left running without an environment": "env -i sleep 60 &\n",
}


@pytest.mark.parametrize("name", DISTURBING)
def test_a_trace_that_was_disturbed_is_followed_by_a_plain_start(
    name: str, home: Home, endings: dict[str, str]
) -> None:
    home.write(".bashrc", SLOWLY + "PATH=$PATH:/opt/go/bin\n" + DISTURBING[name])
    context = home.trace("bash-interactive")["bash-interactive"]
    assert endings["bash-interactive:plain"] == "exited"
    assert (context.status, context.unsure) == ("complete", False)
    assert sources_of(context, "/opt/go/bin") == [home.line(".bashrc", 2)]


def test_a_start_that_replaces_the_shell_is_made_twice(home: Home, endings: dict[str, str]) -> None:
    home.write(".bashrc", SLOWLY + "exec true\n")
    context = home.trace("bash-interactive")["bash-interactive"]
    assert (context.status, context.reason) == ("no-answer", "exec")
    assert endings["bash-interactive:plain"] == "exited"


@pytest.mark.parametrize("shell", ["zsh", "fish", "sh"])
def test_other_shells_write_their_trace_where_a_startup_file_may_read_it_and_are_always_started_twice(
    shell: str, home: Home, endings: dict[str, str]
) -> None:
    for name in (".zshenv", ".profile", ".config/fish/config.fish"):
        home.write(name, SLOWLY)
    home.trace(f"{shell}-login")
    assert endings[f"{shell}-login:plain"] == "exited"
