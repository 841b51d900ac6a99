"""Lines of the goenv file: which file it is, and what becomes of its text."""

from __future__ import annotations

from gosteward.actions import LAST, EditLines, LineEdit
from gosteward.reasoning.goenv_lines import file_of_user, removal_action, setting_action
from gosteward.snapshot import Context, EnvironmentVariable, Location, Setting, Snapshot, User

FILE = "/home/dev/.config/go/env"
DEV = User(name="dev", uid=1000, gid=1000, home="/home/dev")


def host(*settings: Setting, contexts: tuple[Context, ...] = (), user: User = DEV) -> Snapshot:
    return Snapshot(user=user, contexts=contexts, go_settings=settings)


def login(name: str = "bash-login", **variables: str) -> Context:
    given = tuple(EnvironmentVariable(n, value) for n, value in variables.items())
    return Context(name=name, kind="login", variables=given)


def line(text: str, number: int = 2, **more: str) -> Setting:
    name, _, value = text.partition("=")
    return Setting(name, value, "goenv-file", Location(FILE, number, text[:300]), **more)


def test_a_new_setting_is_a_line_more() -> None:
    added = EditLines(FILE, (LineEdit(LAST, after=("GOTMPDIR=/home/dev/tmp",)),))
    assert setting_action(host(line("GOPROXY=direct")), "GOTMPDIR", "/home/dev/tmp") == added
    assert setting_action(host(), "GOTMPDIR", "/home/dev/tmp") == added


def test_the_line_that_counts_gets_another_value() -> None:
    changed = setting_action(host(line("GOTMPDIR=/nope", 7)), "GOTMPDIR", "/home/dev/tmp")
    assert changed == EditLines(FILE, (LineEdit(7, "GOTMPDIR=/nope", ("GOTMPDIR=/home/dev/tmp",)),))


def test_nothing_is_written_over_what_is_not_known() -> None:
    assert setting_action(host(line(f"GOFLAGS={'x' * 400}")), "GOFLAGS", "") is None
    assert setting_action(host(line("GOFLAGS=-v")), "GOFLAGS", "-v") is None
    assert setting_action(host(), "GOFLAGS", "-v\nGOPROXY=off") is None
    unreadable = Setting("", "", "goenv-file", Location(FILE), problem="unreadable")
    assert setting_action(host(unreadable), "GOFLAGS", "-v") is None


def test_the_file_is_the_one_that_the_sessions_read() -> None:
    assert file_of_user(host()) == FILE
    assert file_of_user(host(contexts=(login(XDG_CONFIG_HOME="/data/config"),))) == "/data/config/go/env"
    assert file_of_user(host(contexts=(login(GOENV="/srv/goenv"),))) == "/srv/goenv"
    assert file_of_user(host(contexts=(login(GOENV="off"),))) == ""
    assert file_of_user(host(contexts=(login(), login("zsh-login", GOENV="/srv/goenv")))) == ""
    assert file_of_user(host(contexts=(login(HOME="/"),), user=DEV._replace(home="/"))) == ""


def test_a_line_is_taken_out_by_what_it_says() -> None:
    assert removal_action(line("GOROOT=/gone", 3)) == EditLines(FILE, (LineEdit(3, "GOROOT=/gone"),))
    assert removal_action(line(f"GOROOT=/{'x' * 400}")) is None
    assert (
        removal_action(Setting("GOROOT", "/gone", "environment", Location("/etc/profile", 3, "GOROOT=/gone"))) is None
    )
