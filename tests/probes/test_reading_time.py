"""Probes whose time for reading is up: whenever that is, what they tell is true, and what they left out is a gap.

The clock goes on by one with every question and every file, so the time is up at every possible moment once.
"""

from __future__ import annotations

import ast
import itertools
import math
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gosteward.host.reading_time import ReadingTime
from gosteward.host.rooted import RootedHost
from gosteward.probes import (
    c_toolchain,
    collection,
    go_roots,
    go_settings,
    jobs,
    limits,
    packages,
    search_path,
    startup_files,
    static_contexts,
    unit_jobs,
    workspaces,
    write_places,
)
from gosteward.probes.binaries import Examiner
from gosteward.rules import all_checks
from gosteward.shells import pam, sudo
from gosteward.snapshot import Context, EnvironmentVariable, PathEntry, User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SOURCE = Path(collection.__file__).parents[1]
DEV = User(name="dev", uid=1000, gid=1000, home="/home/dev", shell="/bin/bash")
HOME = (EnvironmentVariable("HOME", "/home/dev"),)
LOGIN = Context(
    name="bash-login", kind="login", shell="bash", variables=HOME, search_path=(PathEntry("/usr/local/go/bin"),)
)


class Root:
    """An unpacked root, looked at as often as wanted."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\ndev:x:1000:1000::/home/dev:/bin/bash\n")

    def write(self, path: str, text: str | bytes, mode: int = 0o644) -> None:
        place = self.top / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())
        place.chmod(mode)

    def host(self, ticks: float = math.inf) -> CountingHost:
        """The host, with a time that is up after so many questions and files."""
        return CountingHost(str(self.top), ticks)


class CountingHost(RootedHost):
    """Counts the files that are read, and those of them that are read although the time is up."""

    def __init__(self, root: str, ticks: float) -> None:
        super().__init__(root)
        self.files = self.late = self.now = 0
        self.reading_time = ReadingTime(ticks, self.tick)

    def tick(self) -> float:
        self.now += 1
        return float(self.now)

    def read(self, path: str, limit: int = 1 << 20) -> bytes:
        self.files += 1
        self.late += self.tick() > self.reading_time._end_of_share
        return super().read(path, limit)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path)


def cut_short(root: Root, probe: Callable[[CountingHost], Iterable[object]]) -> Iterator[tuple[list[object], set[str]]]:
    """What a probe tells, and the fields of its gaps, for every moment at which its time can be up."""
    for ticks in itertools.count():
        host = root.host(float(ticks))
        found = list(probe(host))
        gaps = {gap.field for gap in host.reading_time.gaps()}
        yield found, gaps
        if not gaps:
            return


def check(root: Root, probe: Callable[[CountingHost], Iterable[object]], *fields: str) -> None:
    """Nothing is told that the whole look does not tell as well, and nothing is missing without a gap."""
    whole = list(probe(root.host()))
    assert whole
    sizes = set()
    for found, gaps in cut_short(root, probe):
        assert all(fact in whole for fact in found)
        assert gaps <= set(fields)
        assert gaps or found == whole
        sizes.add(len(found))
    assert len(sizes) > 1


def test_cron_jobs(root: Root) -> None:
    root.write("/home/dev/build.sh", "#!/bin/sh\nsh -c 'exec /home/dev/inner.sh'\n", 0o755)
    root.write("/home/dev/inner.sh", "#!/bin/sh\nPATH=/usr/local/go/bin:$PATH\nmake\ngo build\n", 0o755)
    root.write("/var/spool/cron/crontabs/dev", "* * * * * /home/dev/build.sh\n" * 4)
    check(root, lambda host: jobs.collect(host, DEV)[0], "crontabs")


def test_units_and_their_drop_ins(root: Root) -> None:
    root.write("/usr/lib/systemd/systemd", "")
    root.write("/srv/x", "#!/bin/sh\ngo build\n", 0o755)
    for name in ("a", "b", "c"):
        root.write(f"/etc/systemd/system/{name}.service", "[Service]\nExecStart=/bin/sh -c 'gofmt; /srv/x'\n")
        for number in range(3):
            text = f'[Service]\nEnvironment="GOPROXY=https://{number}"\n'
            root.write(f"/etc/systemd/system/{name}.service.d/{number}.conf", text)
    check(root, lambda host: jobs.collect(host, DEV)[0], "units", "crontabs")


def test_startup_files_and_what_they_read(root: Root) -> None:
    root.write("/etc/profile", "PATH=/usr/bin\n")
    root.write("/home/dev/.bashrc", ". ~/.one\n. ~/.two\n")
    for name in (".one", ".two"):
        root.write(f"/home/dev/{name}", "export GOPROXY=off\n")
    check(root, lambda host: startup_files.collect(host, DEV, ())[0], "startup_files")


def test_contexts_by_reading(root: Root) -> None:
    root.write("/bin/bash", "", 0o755)
    names = tuple(context.name for context in static_contexts.collect(root.host(), DEV, ()))
    check(root, lambda host: static_contexts.collect(host, DEV, ()), *(f"contexts:{name}" for name in names))


def test_modules_with_their_workspace(root: Root) -> None:
    for name in ("a", "b"):
        place = f"/home/dev/{name}"
        root.write(f"{place}/go.mod", f"module {name}\nrequire sister v1.0.0\nrequire x.example/y v1.0.0\n")
        root.write(f"{place}/go.sum", "x.example/y v1.0.0 h1:AAAA=\n")
        root.write(f"{place}/go.work", "go 1.21\nuse (\n.\n./other\n./sister\n)\n")
        root.write(f"{place}/sister/go.mod", "module sister\n")
        for number in range(3):
            root.write(f"{place}/{number}/x.go", 'package main\nimport "x.example/y"\n')
    login = (LOGIN,)
    check(root, lambda host: workspaces.collect(host, DEV, "", login, (), ())[0], "workspaces")


def test_go_trees_but_for_the_first_ones(root: Root) -> None:
    for number in range(12):
        for name in ("bin/go", "pkg/tool/linux_amd64/compile"):
            root.write(f"/home/dev/sdk/go1.{number}/{name}", "x", 0o755)

    def trees(host: CountingHost) -> Iterable[object]:
        examiner = Examiner(host, DEV, (), lambda _: "")
        contexts = search_path.fill((LOGIN,), examiner, DEV)
        return go_roots.collect(host, DEV, examiner, contexts, packages.collect(host))[0]

    check(root, trees, "toolchains")
    assert len(list(trees(root.host(0.0)))) == 8


def test_owners_of_files(root: Root) -> None:
    root.write("/var/lib/dpkg/status", "Package: a\nVersion: 1\n\nPackage: b\nVersion: 2\n")
    for name in ("a", "b"):
        root.write(f"/var/lib/dpkg/info/{name}.list", f"/usr/bin/{name}\n")

    def owners(host: CountingHost) -> list[object]:
        owner_of = packages.collect(host).owner_of
        return [owner for owner in map(owner_of, ("/usr/bin/b", "/usr/bin/a")) if owner]

    check(root, owners, "packages")


def test_goenv_files_and_those_of_trees(root: Root) -> None:
    sessions = tuple(
        Context(name=f"cron:{n}", kind="cron", run_as="dev", variables=(*HOME, EnvironmentVariable("GOENV", f"/e{n}")))
        for n in range(3)
    )
    for number in range(3):
        root.write(f"/e{number}", f"GOPROXY={number}\n")
    goenv = [s for s in go_settings.collect(root.host(), DEV, sessions, (), ())[0] if s.origin == "goenv-file"]
    assert len(goenv) == 3
    check(root, lambda host: go_settings.collect(host, DEV, sessions, (), ())[0], "go_settings")


def test_write_places_and_c_tools(root: Root) -> None:
    works = (LOGIN, LOGIN._replace(name="bash-script", variables=(EnvironmentVariable("HOME", "/tmp"),)))
    root.write("/home/dev/go/x", "")
    check(root, lambda host: write_places.collect(host, DEV, works, (), ())[0], "write_places")
    check(root, lambda host: c_toolchain.collect(host, DEV, works, ())[0].tools, "c_toolchain")


MANY = 40


def home_full_of(root: Root, what: str) -> Callable[[CountingHost], object]:
    """A host with many files of one sort, and the probe that reads them."""
    if what == "jobs":
        for number in range(MANY):
            root.write(f"/srv/{number}", "#!/bin/sh\ngo build\n", 0o755)
        root.write("/var/spool/cron/crontabs/dev", "".join(f"* * * * * /srv/{n}\n" for n in range(MANY)))
    elif what == "scripts of one job":
        for number in range(MANY):
            root.write(f"/srv/{number}", "#!/bin/sh\ngo build\n", 0o755)
        root.write("/var/spool/cron/crontabs/dev", "* * * * * " + "; ".join(f"/srv/{n}" for n in range(15)) + "\n")
    elif what == "crontabs":
        for number in range(MANY):
            root.write(f"/etc/cron.d/{number}", "* * * * * nobody-we-know go build\n")
    elif what in ("units", "drop-ins"):
        root.write("/usr/lib/systemd/systemd", "")
        root.write("/etc/systemd/system/a.service", "[Service]\nExecStart=go\n")
        for number in range(MANY):
            name = f"{number}.service" if what == "units" else f"a.service.d/{number}.conf"
            root.write(f"/etc/systemd/system/{name}", f"[Service]\nExecStart=/usr/bin/go {number}\n")
    elif what == "start-up files":
        root.write("/home/dev/.bashrc", "".join(f". ~/.{n}\n" for n in range(MANY)))
        for number in range(MANY):
            root.write(f"/home/dev/.{number}", "x=1\n")
        return lambda host: startup_files.collect(host, DEV, ())
    elif what == "modules of a workspace":
        root.write("/home/dev/a/go.mod", "module a\nrequire b v1.0.0\n")
        root.write("/home/dev/a/go.work", "go 1.21\n" + "".join(f"use /srv/{n}\n" for n in range(MANY)))
        for number in range(MANY):
            root.write(f"/srv/{number}/go.mod", f"module b{number}\n")
        return lambda host: workspaces.collect(host, DEV, "", (LOGIN,), (), ())
    else:
        root.write("/var/lib/dpkg/status", "".join(f"Package: p{n}\n\n" for n in range(MANY)))
        for number in range(MANY):
            root.write(f"/var/lib/dpkg/info/p{number}.list", "/usr/bin/x\n")
        return lambda host: packages.collect(host).owner_of("/usr/bin/y")
    return lambda host: jobs.collect(host, DEV)


@pytest.mark.parametrize(
    "what",
    ["jobs", "crontabs", "scripts of one job", "units", "drop-ins", "start-up files", "modules of a workspace", "packages"],
)  # fmt: skip
def test_when_the_time_is_up_hardly_anything_is_read_any_more(root: Root, what: str) -> None:
    probe = home_full_of(root, what)
    for ticks in itertools.count(1, 3):
        host = root.host(float(ticks))
        probe(host)
        assert host.late <= 10
        if not host.reading_time.gaps():
            break
    assert host.files > 12


def all_of(root: Root, *only: str, deadline: float = 1e-9) -> collection.Snapshot:
    snapshot, _ = collection.collect(
        root=str(root.top), user_name="dev", project="", only=only, offline=True, deadline=deadline
    )
    return snapshot


def test_a_host_of_which_nothing_could_be_read_in_time_is_full_of_gaps(root: Root) -> None:
    root.write("/bin/bash", "", 0o755)
    root.write("/home/dev/.profile", "PATH=/usr/bin\n")
    root.write("/var/spool/cron/crontabs/dev", "* * * * * go build\n")
    snapshot = all_of(root)
    fields = {gap.field for gap in snapshot.gaps if not gap.asked}
    assert {"contexts:bash-login", "crontabs", "startup_files"} <= fields
    assert snapshot.startup_files == ()
    assert not {gap.field for gap in all_of(root, deadline=1e9).gaps if not gap.asked}


def test_a_context_that_was_left_out_is_no_unknown_name(root: Root) -> None:
    root.write("/bin/bash", "", 0o755)
    root.write("/var/spool/cron/crontabs/dev", "* * * * * go build\n")
    for name in ("bash-login", "cron:/var/spool/cron/crontabs/dev:1"):
        assert all_of(root, name).contexts == ()
    with pytest.raises(collection.UsageError):
        all_of(root, "nope")


def fields_asked_about() -> set[str]:
    """Literal fields of `is_up(...)` and of Follower in the sources, up to a colon."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "is_up":
                for text in ast.walk(node):
                    if isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value:
                        found.add(text.value.partition(":")[0])
    return found


def test_every_field_that_may_be_left_out_keeps_a_rule_from_being_judged() -> None:
    needed = {need for one in all_checks() for need in one.rule.needs}
    fields = fields_asked_about()
    assert {"crontabs", "units", "workspaces"} <= fields
    assert fields <= needed
    of_units = {one.rule.slug for one in all_checks() if "units" in one.rule.needs}
    assert of_units == {"unit-cannot-find-go", "installed-program-not-found-by-job"}


def test_the_command_line_says_what_was_not_judged(root: Root, capfd: pytest.CaptureFixture[str]) -> None:
    from gosteward.cli.main import main

    for place in ("/usr/local/go/bin/go", "/usr/local/go/src/runtime/proc.go"):
        root.write(place, "x", 0o755)
    root.write("/home/dev/app/go.mod", "module app\n")
    arguments = ["doctor", "--root", str(root.top), "--user", "dev", "--only", "go-mod-unreadable"]
    assert main(arguments) == 0
    assert main([*arguments, "--deadline", "0.000000001"]) == 3
    shown = " ".join(capfd.readouterr().out.split())
    assert "not judged: workspaces: the time for reading was up" in shown


class TestAnyTime:
    """What no host really has is left out even where there is time."""

    def test_lines_of_limits(self, root: Root) -> None:
        root.write("/etc/pam.d/su", "session required pam_limits.so\n")
        for name in ("1", "2"):
            root.write(f"/etc/security/limits.d/{name}.conf", "other - nofile 1\n" * limits.LINES_LIMIT)
        root.write("/etc/security/limits.d/3.conf", "dev - nofile 1\n")
        assert limits.configured(root.host(), DEV, spare_root=False) == ()

    def test_lines_of_sudoers(self) -> None:
        files = {f"/etc/sudoers.d/{n}": ["# x"] * 1000 for n in range(100)}
        files["/etc/sudoers"] = ["@includedir /etc/sudoers.d"]
        read: list[str] = []

        def lines(path: str) -> list[str]:
            read.append(path)
            return files[path]

        names = [path.rpartition("/")[2] for path in files if path.count("/") == 3]
        assert list(sudo.lines_of("/etc/sudoers", lines, lambda _: names)) == []
        assert len(read) <= sudo.LINES_LIMIT / 1000 + 2

    def test_calls_of_pam_env(self) -> None:
        service = [f"session required pam_env.so conffile=/etc/{n}" for n in range(1000)]
        assert len(pam.calls("login", lambda _: service)) == pam.CALLS_LIMIT

    def test_lines_of_a_unit(self, root: Root) -> None:
        root.write("/usr/lib/systemd/systemd", "")
        root.write("/etc/systemd/system/a.service", "[Service]\nExecStart=go\n" + "\n" * unit_jobs.LINES_LIMIT)
        root.write("/etc/systemd/system/b.service", "[Service]\nExecStart=go\n" + "\n" * 1000)
        names = {context.name for context in jobs.collect(root.host(), DEV)[0]}
        assert "systemd:b.service" in names
        assert "systemd:a.service" not in names

    def test_settings_of_goenv_files(self, root: Root) -> None:
        sessions = []
        for number in range(20):
            root.write(f"/e{number}", "".join(f"GOX{n}=1\n" for n in range(1000)))
            variables = (EnvironmentVariable("GOENV", f"/e{number}"),)
            sessions.append(Context(name=f"cron:{number}", kind="cron", run_as="dev", variables=variables))
        settings, gaps = go_settings.collect(root.host(), DEV, tuple(sessions), (), ())
        assert sum(s.origin == "goenv-file" for s in settings) == go_settings.MOST_SETTINGS
        assert [gap.field for gap in gaps] == ["go_settings"]
