"""Go's settings by the place that gives them."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from gosteward.host.rooted import RootedHost
from gosteward.probes import go_settings
from gosteward.snapshot import Context, EnvironmentVariable, GoTree, Location, User

if TYPE_CHECKING:
    from pathlib import Path

DEV = User(name="dev", uid=1000, gid=1000, home="/home/dev")
LINE = Location("/home/dev/.profile", 29, "export GOPROXY=https://old.example")


def context(name: str, kind: str = "login", **values: str) -> Context:
    variables = tuple(EnvironmentVariable(n, v, (LINE,)) for n, v in values.items())
    return Context(name=name, kind=kind, variables=variables)


def root_with(top: Path, files: dict[str, str]) -> RootedHost:
    for name, text in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return RootedHost(str(top))


def test_environment_goenv_file_and_go_env_each_give_their_line(tmp_path: Path) -> None:
    host = root_with(
        tmp_path,
        {
            "home/dev/.config/go/env": "# x\nGOPROXY=https://corp.example\nGOPROYX=1\nexport GOFLAGS=-v\n",
            "usr/local/go/go.env": "# defaults\nGOTOOLCHAIN=local\n",
        },
    )
    sessions = (
        context("bash-login", GOPROXY="https://old.example"),
        context("zsh-login", GOPROXY="https://old.example"),
    )
    tree = GoTree("/usr/local/go", real_path="/usr/local/go")
    settings, gaps = go_settings.collect(host, DEV, sessions, (tree, tree._replace(path="/opt/go")), ())
    assert gaps == ()
    environment, proxy, unknown, ignored, toolchain = settings
    assert (environment.origin, environment.location) == ("environment", LINE)
    assert environment.contexts == ("bash-login", "zsh-login")
    assert proxy.location == Location("/home/dev/.config/go/env", 2, "GOPROXY=https://corp.example")
    assert (proxy.origin, proxy.contexts, proxy.known) == ("goenv-file", (), True)
    assert (unknown.name, unknown.known) == ("GOPROYX", False)
    assert (ignored.name, ignored.problem) == ("export GOFLAGS", "no-setting")
    assert (toolchain.value, toolchain.origin, toolchain.goroot) == ("local", "goroot", "/usr/local/go")


def test_variables_that_go_does_not_see_are_no_settings(tmp_path: Path) -> None:
    hidden = EnvironmentVariable("GOFLAGS", "-v", exported=False)
    session = context("bash-login", GOPATH="", GOOGLE_KEY="x", HOME="/home/dev")
    session = session._replace(variables=(*session.variables, hidden))
    assert go_settings.collect(RootedHost(str(tmp_path)), DEV, (session,), (), ()) == ((), ())


def test_goenv_file_of_some_contexts_names_them(tmp_path: Path) -> None:
    host = root_with(tmp_path, {"srv/env": "GOFLAGS=-x\n"})
    sessions = (
        context("bash-login", GOENV="/srv/env"),
        context("bash-interactive", "terminal"),
        context("sh-login", GOENV="off"),
        context("zsh-login", GOENV="/srv/gone"),
    )
    settings, _ = go_settings.collect(host, DEV, sessions, (), ())
    flags = next(s for s in settings if s.name == "GOFLAGS")
    assert flags.contexts == ("bash-login",)
    assert [s.missing for s in settings if s.name == "GOENV"] == [False, False, True]


def test_relative_goenv_is_taken_from_the_project(tmp_path: Path) -> None:
    host = root_with(tmp_path, {"srv/app/env": "GOFLAGS=-x\n"})
    settings, _ = go_settings.collect(host, DEV, (context("bash-login", GOENV="env"),), (), ("/srv/app",))
    assert settings[1].location == Location("/srv/app/env", 1, "GOFLAGS=-x")


def test_goenv_that_is_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "home/dev/.config/go/env").mkdir(parents=True)
    ((setting,), _) = go_settings.collect(RootedHost(str(tmp_path)), DEV, (context("bash-login"),), (), ())
    assert (setting.problem, setting.location) == ("unreadable", Location("/home/dev/.config/go/env"))
    status = (tmp_path / "home/dev/.config/go/env").stat()
    assert (setting.uid, setting.mode) == (status.st_uid, stat.S_IMODE(status.st_mode))


def test_goenv_of_root_does_not_count_for_the_user_under_sudo(tmp_path: Path) -> None:
    host = root_with(tmp_path, {"root/goenv": "GOFLAGS=-x\n", "etc/passwd": "root:x:0:0::/root:/bin/sh\n"})
    sudo = context("sudo", "sudo", GOENV="/root/goenv")
    settings, _ = go_settings.collect(host, DEV, (sudo,), (), ())
    assert [s.name for s in settings] == ["GOENV"]
