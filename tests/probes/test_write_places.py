"""Where Go writes, and whether it can."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gosteward.host.rooted import RootedHost
from gosteward.probes import write_places
from gosteward.snapshot import Context, EnvironmentVariable, Location, Mount, Setting, User, WritePlace

if TYPE_CHECKING:
    from pathlib import Path

DEV = User(name="dev", uid=1000, gid=1000, home="/home/dev")
LINE = Location("/etc/profile.d/go.sh", 3, "export GOPATH=/usr/share/gocode")
PASSWD = "root:x:0:0::/root:/bin/sh\ndev:x:1000:1000::/home/dev:/bin/bash\n"


class OwnedHost(RootedHost):
    """Everything is dev's below /home/dev and root's elsewhere, but for what `owners` says."""

    def __init__(self, root: str, owners: dict[str, int]) -> None:
        super().__init__(root)
        self.owners = owners

    def _owned(self, path: str, status: os.stat_result | None) -> os.stat_result | None:
        if status is None:
            return None
        values = list(status)
        values[4] = next(
            (u for p, u in self.owners.items() if (path + "/").startswith(p + "/")), 1000 * path.startswith("/home/dev")
        )
        values[5] = values[4]
        return os.stat_result(values)

    def stat(self, path: str) -> os.stat_result | None:
        return self._owned(path, super().stat(path))

    def lstat(self, path: str) -> os.stat_result | None:
        return self._owned(path, super().lstat(path))


def host_with(top: Path, *directories: str, owners: dict[str, int] | None = None) -> OwnedHost:
    for name in ("tmp", "etc", "home/dev", *directories):
        (top / name).mkdir(parents=True, exist_ok=True)
        (top / name).chmod(0o755)
    (top / "tmp").chmod(0o1777)
    (top / "etc/passwd").write_text(PASSWD)
    (top / "etc/group").write_text("root:x:0:\ndev:x:1000:\n")
    return OwnedHost(str(top), owners or {})


def places(host: RootedHost, *contexts: Context, settings: tuple[Setting, ...] = (), mounts: tuple[Mount, ...] = (), user: User = DEV) -> dict[str, WritePlace]:  # fmt: skip
    found, gaps = write_places.collect(host, user, contexts, settings, mounts)
    assert gaps == ()
    return {place.purpose: place for place in found}


def login(**values: str) -> Context:
    return Context(
        "bash-login", "login", variables=tuple(EnvironmentVariable(n, v, (LINE,)) for n, v in values.items())
    )


def environment(name: str, value: str) -> Setting:
    return Setting(name, value, "environment", LINE, ("bash-login",))


def test_defaults_follow_from_the_home_directory(tmp_path: Path) -> None:
    found = places(host_with(tmp_path, "home/dev/.cache/go-build"), login(HOME="/home/dev"))
    assert {p: w.path for p, w in found.items()} == {
        "GOCACHE": "/home/dev/.cache/go-build",
        "GOPATH": "/home/dev/go",
        "GOMODCACHE": "/home/dev/go/pkg/mod",
        "GOBIN": "/home/dev/go/bin",
        "TMPDIR": "/tmp",
    }
    assert all(w.writable and not w.problem and w.setting is None for w in found.values())
    assert found["GOCACHE"].exists
    assert not found["GOPATH"].exists
    assert found["TMPDIR"].contexts == ("bash-login",)


def test_setting_is_named_also_for_what_follows_from_it(tmp_path: Path) -> None:
    host = host_with(tmp_path, "usr/share")
    found = places(host, login(HOME="/home/dev"), settings=(environment("GOPATH", "/usr/share/gocode:/x"),))
    assert found["GOMODCACHE"].path == "/usr/share/gocode/pkg/mod"
    assert found["GOMODCACHE"].setting == LINE
    blocker = found["GOPATH"].blocked_by
    assert blocker is not None
    assert (blocker.path, blocker.reason, blocker.owner, blocker.mode) == ("/usr/share", "owner", "root", 0o755)


@pytest.mark.parametrize(
    ("value", "problem"),
    [("'/home/dev/go'", "quoted"), ("~/go", "relative"), ("go", "relative"), ("/home/dev/go:rel", "relative"), ("/etc/passwd", "not-a-directory")],
)  # fmt: skip
def test_gopath_that_go_cannot_take(value: str, problem: str, tmp_path: Path) -> None:
    found = places(host_with(tmp_path), login(HOME="/home/dev"), settings=(environment("GOPATH", value),))
    assert found["GOPATH"].problem == problem
    # What follows from a GOPATH that stops Go is no fault of its own.
    assert ("GOMODCACHE" in found) is (problem == "not-a-directory")


def test_unit_without_home_has_no_place_for_caches(tmp_path: Path) -> None:
    unit = Context("systemd:build.service", "systemd", run_as="root", uses_go=True)
    found = places(host_with(tmp_path), unit)
    assert {p for p, w in found.items() if w.problem == "no-home"} == {"GOCACHE", "GOPATH", "GOMODCACHE"}
    cured = places(
        host_with(tmp_path), unit, settings=(Setting("GOCACHE", "/var/cache/go", "environment", LINE, (unit.name,)),)
    )
    assert cured["GOCACHE"].path == "/var/cache/go"


def test_cron_job_has_the_home_of_its_account_and_its_rights(tmp_path: Path) -> None:
    job = Context("cron:/etc/cron.d/x:3", "cron", run_as="root", uses_go=True)
    found = places(host_with(tmp_path, "root"), job)
    assert (found["GOCACHE"].path, found["GOCACHE"].writable) == ("/root/.cache/go-build", True)


def test_home_that_is_the_top_is_a_fault_only_for_those_who_may_not_write_there(tmp_path: Path) -> None:
    found = places(host_with(tmp_path), login(HOME="/"), user=DEV._replace(home="/"))
    assert (found["GOCACHE"].path, found["GOCACHE"].problem) == ("/.cache/go-build", "home-is-root")
    root = User(name="root", uid=0, home="/")
    assert places(host_with(tmp_path), login(HOME="/"), user=root)["GOCACHE"].problem == ""


def test_directories_that_sudo_left_in_a_cache_are_found(tmp_path: Path) -> None:
    host = host_with(
        tmp_path,
        "home/dev/.cache/go-build/00",
        "home/dev/.cache/go-build/01",
        "home/dev/go/pkg/mod/cache/download/example.com",
        "home/dev/go/pkg/mod/example.com/greet@v1.0.0",
        owners={
            "/home/dev/.cache/go-build/01": 0,
            "/home/dev/go/pkg/mod/cache/download/example.com": 0,
            "/home/dev/go/pkg/mod/example.com/greet@v1.0.0": 0,
        },
    )
    found = places(host, login(HOME="/home/dev"))
    assert found["GOCACHE"].foreign == ("/home/dev/.cache/go-build/01",)
    assert found["GOCACHE"].foreign_uid == 0
    # A module that somebody else unpacked is only read.
    assert found["GOMODCACHE"].foreign == ("/home/dev/go/pkg/mod/cache/download/example.com",)


def test_closed_directory_on_the_way_is_named(tmp_path: Path) -> None:
    host = host_with(tmp_path, "srv/ci/cache")
    (tmp_path / "srv/ci").chmod(0o700)
    place = places(host, login(HOME="/home/dev"), settings=(environment("GOCACHE", "/srv/ci/new/x"),))["GOCACHE"]
    assert not place.writable
    assert place.blocked_by is not None
    assert (place.blocked_by.path, place.blocked_by.reason) == ("/srv/ci", "directory")


def test_gopath_need_not_be_writable_itself_where_its_parts_are(tmp_path: Path) -> None:
    host = host_with(tmp_path, "srv/go/pkg", "srv/go/bin", owners={"/srv/go/pkg": 1000, "/srv/go/bin": 1000})
    assert places(host, login(HOME="/home/dev"), settings=(environment("GOPATH", "/srv/go"),))["GOPATH"].writable


def test_place_lies_on_the_longest_mount_point(tmp_path: Path) -> None:
    mounts = (Mount("/", "ext4"), Mount("/tmp", "tmpfs", options=("rw", "noexec")), Mount("/tm", "odd"))
    found = places(host_with(tmp_path), login(HOME="/home/dev"), mounts=mounts)
    assert (found["TMPDIR"].mount_point, found["TMPDIR"].mount_options) == ("/tmp", ("rw", "noexec"))
    assert found["GOCACHE"].mount_point == "/"


def test_contexts_of_one_value_share_a_place_and_others_have_their_own(tmp_path: Path) -> None:
    host = host_with(tmp_path)
    terminal = login(HOME="/home/dev")._replace(name="bash-interactive", kind="terminal")
    foreign = login(HOME="/home/dev")._replace(name="zsh-login", own=False)
    found, _ = write_places.collect(
        host, DEV, (login(HOME="/home/dev"), terminal, foreign), (environment("GOBIN", "/opt/bin"),), ()
    )
    assert [(w.path, w.contexts) for w in found if w.purpose == "GOBIN"] == [
        ("/opt/bin", ("bash-login",)),
        ("/home/dev/go/bin", ("bash-interactive",)),
    ]
    assert [w.contexts for w in found if w.purpose == "TMPDIR"] == [("bash-login", "bash-interactive")]


def test_without_any_known_context_the_account_counts(tmp_path: Path) -> None:
    found = places(host_with(tmp_path))
    assert (found["GOPATH"].path, found["GOPATH"].contexts) == ("/home/dev/go", ())
