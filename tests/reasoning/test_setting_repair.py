"""How a setting is taken back, or corrected, where it was given."""

from __future__ import annotations

from gosteward.actions import EditLines, LineEdit, WriteFile
from gosteward.reasoning.setting_repair import (
    advice_to_unset,
    change_actions,
    commands_behind,
    origin_of,
    unset_actions,
)
from gosteward.snapshot import Context, Location, Setting, Snapshot, StartupFile, StartupLine, User

HOME = "/home/dev"


def of(path: str, text: str, name: str = "GOROOT", value: str = "/opt/gone", line: int = 5) -> Setting:
    return Setting(name, value, "environment", Location(path, line, text), ("x",))


def file_with(path: str, *lines: StartupLine, dialect: str = "bash") -> StartupFile:
    return StartupFile(path, path, dialect, lines=lines)


def path_line(path: str, number: int, text: str) -> StartupLine:
    return StartupLine("path", "PATH", Location(path, number, text))


def given(path: str, number: int, text: str, value: str, *, alone: bool = True) -> StartupLine:
    return StartupLine("variable", "GOROOT", Location(path, number, text), value, alone=alone)


def deleted(path: str, text: str, line: int = 5) -> tuple[EditLines, ...]:
    return (EditLines(path, (LineEdit(line, text),)),)


def test_the_line_goes_from_whatever_file_it_is_in() -> None:
    for path, text in (
        (f"{HOME}/.profile", "export GOROOT=/opt/gone"),
        ("/etc/environment", "GOROOT=/opt/gone"),
        ("/var/spool/cron/crontabs/dev", "GOROOT=/opt/gone"),
        ("/etc/cron.d/nightly", "GOROOT=/opt/gone"),
        ("/etc/systemd/system/nightly.service", "Environment=GOROOT=/opt/gone"),
        ("/srv/jobs/nightly", "export GOROOT=/opt/gone"),
    ):
        assert unset_actions(Snapshot(), of(path, text)) == deleted(path, text)


def test_a_link_among_the_dotfiles_is_followed_to_the_file_that_holds_the_line() -> None:
    file = StartupFile(f"{HOME}/.profile", f"{HOME}/dotfiles/profile")
    snapshot = Snapshot(startup_files=(file,))
    (action,) = unset_actions(snapshot, of(file.path, "export GOROOT=/opt/gone"))
    assert action.path == file.real_path


def test_a_unit_of_a_package_gets_a_drop_in_of_ours() -> None:
    setting = of("/lib/systemd/system/ci.service", "Environment=GOROOT=/opt/gone")._replace(
        contexts=("systemd:ci.service",)
    )
    path = "/etc/systemd/system/ci.service.d/go-without-goroot.conf"
    content = "[Service]\nEnvironment=GOROOT=\nUnsetEnvironment=GOROOT\n"
    assert unset_actions(Snapshot(), setting) == (WriteFile(path, content),)
    assert commands_behind(setting) == ("systemctl daemon-reload", "systemctl restart ci.service")


def test_nothing_is_changed_in_files_of_packages_and_version_managers() -> None:
    for path in ("/usr/share/defaults/profile", "/nix/store/x/etc/profile", f"{HOME}/.gvm/environments/default"):
        assert unset_actions(Snapshot(), of(path, "export GOROOT=/opt/gone")) == ()


def test_a_line_that_is_longer_than_it_is_known_stays() -> None:
    text = "export GOROOT=/opt/gone #".ljust(300, "x")
    assert unset_actions(Snapshot(), of(f"{HOME}/.profile", text)) == ()


def test_what_nobody_wrote_into_a_file_is_not_taken_back() -> None:
    for where in (None, Location("built in: cron"), Location("/proc/1/environ", 1, "GOROOT=/opt/gone")):
        assert unset_actions(Snapshot(), Setting("GOROOT", "/opt/gone", "environment", where)) == ()


def test_a_path_line_with_the_variable_gets_its_value_written_out() -> None:
    path = f"{HOME}/.profile"
    first, second = "export GOROOT=$HOME/sdk/go1.22", "export PATH=$PATH:${GOROOT}/bin"
    snapshot = Snapshot(
        user=User("dev", home=HOME),
        startup_files=(file_with(path, given(path, 5, first, "$HOME/sdk/go1.22"), path_line(path, 6, second)),),
    )
    (action,) = unset_actions(snapshot, of(path, first, value=f"{HOME}/sdk/go1.22"))
    assert action == EditLines(
        path, (LineEdit(5, first), LineEdit(6, second, ("export PATH=$PATH:$HOME/sdk/go1.22/bin",)))
    )


def test_a_path_line_of_another_file_is_written_out_as_well() -> None:
    profile, bashrc = f"{HOME}/.profile", f"{HOME}/.bashrc"
    first, second = "export GOROOT=/opt/gone", 'PATH="$PATH:$GOROOT/bin"'
    snapshot = Snapshot(startup_files=(file_with(profile), file_with(bashrc, path_line(bashrc, 9, second))))
    assert unset_actions(snapshot, of(profile, first)) == (
        EditLines(profile, (LineEdit(5, first),)),
        EditLines(bashrc, (LineEdit(9, second, ('PATH="$PATH:/opt/gone/bin"',)),)),
    )


def test_a_line_that_sets_and_uses_it_keeps_the_use() -> None:
    path = f"{HOME}/.profile"
    text = 'export GOROOT=/opt/go PATH="$PATH:$GOROOT/bin"'
    lines = (given(path, 5, text, "/opt/go"), path_line(path, 5, text))
    (action,) = unset_actions(Snapshot(startup_files=(file_with(path, *lines),)), of(path, text, value="/opt/go"))
    assert action == EditLines(path, (LineEdit(5, text, ('export PATH="$PATH:/opt/go/bin"',)),))


def test_a_use_that_is_more_than_the_name_keeps_the_line() -> None:
    path = f"{HOME}/.profile"
    snapshot = Snapshot(startup_files=(file_with(path, path_line(path, 6, "PATH=$PATH:${GOROOT:+$GOROOT/bin}")),))
    setting = of(path, "export GOROOT=/opt/gone")
    assert unset_actions(snapshot, setting) == ()
    assert "write the directory out" in str(advice_to_unset(snapshot, setting))


def test_an_if_keeps_a_command() -> None:
    path, text = f"{HOME}/.profile", "    export GOROOT=/opt/gone"
    file = file_with(path, given(path, 5, text, "/opt/gone", alone=False))
    (action,) = unset_actions(Snapshot(startup_files=(file,)), of(path, text))
    assert action == EditLines(path, (LineEdit(5, text, ("    :",)),))
    beside = file_with(path, *file.lines, path_line(path, 6, "    export PATH=$PATH:/opt/go/bin"))
    assert unset_actions(Snapshot(startup_files=(beside,)), of(path, text)) == deleted(path, text)


def test_goroot_goes_from_every_line_of_the_file() -> None:
    path = f"{HOME}/.profile"
    lines = tuple(given(path, n, f"export GOROOT=/opt/go{n}", f"/opt/go{n}") for n in (3, 5))
    (action,) = unset_actions(Snapshot(startup_files=(file_with(path, *lines),)), of(path, "export GOROOT=/opt/go5"))
    assert [edit.line for edit in action.edits] == [3, 5]


def test_a_value_that_a_list_hands_on_is_changed_in_the_list() -> None:
    listing = f"{HOME}/.env"
    line = StartupLine("variable", "GOPATH", Location(listing, 2, "GOPATH='/home/dev/go'"), "'/home/dev/go'")
    snapshot = Snapshot(startup_files=(file_with(listing, line),))
    setting = of(f"{HOME}/.profile", "export $(grep -v '^#' ~/.env | xargs -d '\\n')", "GOPATH", "'/home/dev/go'")
    assert origin_of(snapshot, setting).location == line.location
    assert change_actions(snapshot, setting, "/home/dev/go") == (
        EditLines(listing, (LineEdit(2, "GOPATH='/home/dev/go'", ("GOPATH=/home/dev/go",)),)),
    )


def test_an_environment_file_of_a_unit_is_a_list_and_a_script_of_a_unit_is_a_script() -> None:
    contexts = (Context("systemd:ci.service", "systemd"),)
    listed = of("/etc/default/ci", "GOFLAGS=-mod=vendor -trimpath", "GOFLAGS", "-mod=vendor -trimpath")
    snapshot = Snapshot(contexts=contexts)
    (action,) = change_actions(snapshot, listed._replace(contexts=("systemd:ci.service",)), "-trimpath")
    assert action.edits[0].after == ("GOFLAGS=-trimpath",)
    script = of("/srv/ci/build", "export GOFLAGS='-mod=vendor -trimpath'", "GOFLAGS", "-mod=vendor -trimpath")
    (action,) = change_actions(snapshot, script._replace(contexts=("systemd:ci.service",)), "-trimpath")
    assert action.edits[0].after == ("export GOFLAGS='-trimpath'",)


def test_a_crontab_and_a_unit_and_a_profile_have_their_own_advice() -> None:
    crontab = of("/var/spool/cron/crontabs/dev", "GOROOT=/opt/gone")
    assert "next run" in str(advice_to_unset(Snapshot(), crontab))
    unit = of("/etc/systemd/system/nightly.service", "Environment=GOROOT=/opt/gone")
    assert "daemon-reload" in str(advice_to_unset(Snapshot(), unit))
    profile = of(f"{HOME}/.profile", "export GOROOT=/opt/gone")
    assert "new session" in str(advice_to_unset(Snapshot(), profile))
