"""Jobs: which PATH and which environment a cron line or a unit really gives to go."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gosteward.host.rooted import RootedHost
from gosteward.probes import jobs
from gosteward.snapshot import Context, User

if TYPE_CHECKING:
    from pathlib import Path

ME = os.getuid()


class Root:
    """An unpacked root with one user, `dev`."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.write(
            "/etc/passwd",
            f"root:x:0:0::/root:/bin/sh\ndev:x:{ME or 1000}:1000::/home/dev:/bin/bash\nci:x:990:990::/srv/ci:/bin/sh\n",
        )
        self.write("/etc/debian_version", "12\n")
        self.write("/usr/lib/systemd/systemd", "")
        self.write("/home/dev/go/bin/stringer", "", 0o755)
        self.user = User(name="dev", uid=ME or 1000, gid=1000, home="/home/dev", shell="/bin/bash")

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        place = self.top / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(mode)

    def contexts(self, user: User | None = None) -> dict[str, Context]:
        found, gaps = jobs.collect(RootedHost(str(self.top)), user or self.user)
        assert gaps == ()
        return {context.name: context for context in found}

    def cron(self, text: str) -> Context:
        """The context of the last line of the user's crontab."""
        self.write("/var/spool/cron/crontabs/dev", text)
        return self.contexts()[f"cron:/var/spool/cron/crontabs/dev:{len(text.splitlines())}"]

    def unit(self, text: str, name: str = "build.service") -> Context | None:
        self.write(f"/etc/systemd/system/{name}", f"[Service]\n{text}\n")
        return self.contexts().get(f"systemd:{name}")


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path)


def path_of(context: Context) -> str:
    return ":".join(entry.directory for entry in context.search_path)


def value(context: Context, name: str) -> str | None:
    return next((v.value for v in context.variables if v.name == name), None)


def test_a_cron_job_has_crons_own_path_whatever_etc_environment_says(root: Root) -> None:
    root.write("/etc/environment", "PATH=/usr/local/go/bin:/usr/bin\n")
    root.write("/etc/pam.d/cron", "session required pam_env.so\n")
    job = root.cron("# nightly\n17 3 * * * cd $HOME/src/site && go build -o bin/site . >/dev/null\n")
    assert (path_of(job), job.calls, job.uses_go, job.own) == ("/usr/bin:/bin", ("go",), True, True)
    assert (job.directory, value(job, "HOME"), job.run_as) == ("/home/dev/src/site", "/home/dev", "dev")
    assert job.location is not None
    assert (job.location.line, job.location.path) == (2, "/var/spool/cron/crontabs/dev")


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("go build", "/usr/bin:$HOME/bin"),
        ("PATH=/usr/local/go/bin:$PATH go build", "/usr/local/go/bin:/usr/bin:$HOME/bin"),
        ("export PATH=$PATH:/usr/local/go/bin; cd x && nice go build", "/usr/bin:$HOME/bin:/usr/local/go/bin"),
        (". $HOME/.profile && go build", "/from/profile:/usr/bin:$HOME/bin"),
        ("bash -lc 'go build'", "/from/profile:/from/etc:/usr/bin:/bin"),
        ("bash -c 'cd /x && timeout 60 go build'", "/usr/bin:$HOME/bin"),
        ("env PATH=/e:/usr/bin go build", "/e:/usr/bin"),
        ("cd /srv && ./build.sh", "/in/script:/usr/bin:$HOME/bin"),
        ("/srv/build.sh | logger", "/in/script:/usr/bin:$HOME/bin"),
        ("test -x /usr/bin/nothing || go vet", "/usr/bin:$HOME/bin"),
        ("stringer -type=T", "/usr/bin:$HOME/bin"),
    ],
)
def test_the_path_in_force_is_the_one_at_the_call_of_go(root: Root, command: str, path: str) -> None:
    root.write("/home/dev/.profile", "PATH=/from/profile:$PATH\n")
    root.write("/etc/profile", "PATH=/from/etc:/usr/bin:/bin\n")
    root.write("/srv/build.sh", "#!/bin/sh -e\nPATH=/in/script:$PATH\ngo build ./...\n", 0o755)
    job = root.cron(f"PATH=/usr/bin:$HOME/bin\n5 4 * * * {command}\n")
    assert (path_of(job), job.calls) == (path, ("stringer",) if command.startswith("stringer") else ("go",))


@pytest.mark.parametrize(
    ("command", "uses_go"),
    [
        ("/usr/local/go/bin/go build", True),
        ("sudo go build", True),
        ("make", False),
        ("echo go", False),
        ("cd /srv/go && ./go.sh", False),
        ("python3 /srv/go", False),
    ],
)
def test_no_bare_name_is_sought_on_this_path(root: Root, command: str, uses_go: bool) -> None:
    job = root.cron(f"5 4 * * * {command}\n")
    assert (job.calls, job.uses_go) == ((), uses_go)


def test_system_crontabs_give_contexts_for_the_user_and_for_whatever_calls_go(root: Root) -> None:
    root.write(
        "/etc/cron.d/ci",
        "SHELL=/bin/sh\n1 1 * * * ci go test ./...\n2 2 * * * root /usr/sbin/ntpdate x\n3 3 * * * dev true\n",
    )
    root.write("/etc/cron.d/old.bak", "1 1 * * * dev go build\n")
    found = {name: c for name, c in root.contexts().items() if c.kind == "cron"}
    assert list(found) == ["cron:/etc/cron.d/ci:2", "cron:/etc/cron.d/ci:4"]
    assert (found["cron:/etc/cron.d/ci:2"].own, found["cron:/etc/cron.d/ci:4"].own) == (False, True)


def test_many_jobs_are_cut_but_not_those_that_call_go(root: Root) -> None:
    text = "".join(f"{n % 60} 1 * * * true\n" for n in range(80)) + "1 1 * * * go build\n"
    job = root.cron(text)
    assert job.uses_go
    assert sum(c.kind == "cron" for c in root.contexts().values()) == 50


def test_a_unit_of_root_has_no_home(root: Root) -> None:
    unit = root.unit("WorkingDirectory=/srv/site\nExecStart=/usr/local/go/bin/go build -o /usr/local/bin/site .")
    assert unit is not None
    assert (value(unit, "HOME"), unit.uses_go, unit.calls, unit.directory, unit.run_as) == (
        None,
        True,
        (),
        "/srv/site",
        "root",
    )
    assert path_of(unit) == "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def test_a_unit_with_user_has_that_users_home(root: Root) -> None:
    unit = root.unit('User=dev\nExecStart=/bin/sh -c "go build -o bin/site ."')
    assert unit is not None
    assert (value(unit, "HOME"), unit.calls, unit.run_as, unit.direct) == ("/home/dev", ("go",), "dev", False)
    assert unit.location is not None
    assert unit.location.line == 3


def test_environment_comes_in_systemds_order_with_its_lines(root: Root) -> None:
    root.write("/etc/site.env", "# x\nGOFLAGS=-mod=vendor\nGOPROXY='https://goproxy.example'\n")
    root.write("/etc/systemd/system.conf.d/path.conf", "[Manager]\nDefaultEnvironment=PATH=/default/bin GOFLAGS=-v\n")
    root.write(
        "/etc/systemd/system/build.service.d/10-go.conf",
        '[Service]\nEnvironment="PATH=/usr/local/go/bin:/usr/bin" GOPATH=%h/go\n',
    )
    unit = root.unit(
        "EnvironmentFile=-/etc/site.env\nEnvironment=GOFLAGS=-x GOBIN=/b\nUnsetEnvironment=GOBIN\nExecStart=sh -c 'exec go build'"
    )
    assert unit is not None
    assert path_of(unit) == "/usr/local/go/bin:/usr/bin"
    assert unit.search_path[0].sources[0].path.endswith("10-go.conf")
    assert [value(unit, name) for name in ("GOFLAGS", "GOPROXY", "GOPATH", "GOBIN")] == [
        "-mod=vendor", "https://goproxy.example", "/root/go", None,
    ]  # fmt: skip


def test_drop_ins_of_all_services_and_of_those_that_begin_alike_count_and_the_units_own_win(root: Root) -> None:
    for directory, path in (
        ("service.d", "/all/bin"), ("go-.service.d", "/go/bin"), ("go-build-.service.d", "/build/bin"),
    ):  # fmt: skip
        root.write(f"/etc/systemd/system/{directory}/path.conf", f"[Service]\nEnvironment=PATH={path}:/usr/bin\n")
    root.write("/etc/systemd/system/service.d/flags.conf", "[Service]\nEnvironment=GOFLAGS=-v\n")
    unit = root.unit("ExecStart=/bin/sh -c 'go build'", "go-build-site.service")
    assert unit is not None
    assert (path_of(unit), value(unit, "GOFLAGS")) == ("/build/bin:/usr/bin", "-v")


def test_systemd_seeks_a_program_without_a_path_in_its_own_directories(root: Root) -> None:
    unit = root.unit("Environment=PATH=/usr/local/go/bin:/usr/bin\nExecStart=go build")
    assert unit is not None
    assert (unit.direct, unit.calls) == (True, ("go",))
    assert "/usr/local/go/bin" not in path_of(unit)
    unit = root.unit("ExecSearchPath=/usr/local/go/bin:/usr/bin\nExecStart=go build")
    assert unit is not None
    assert path_of(unit) == "/usr/local/go/bin:/usr/bin"


def test_units_that_do_not_run_go_give_no_context(root: Root) -> None:
    assert root.unit("ExecStart=/usr/sbin/sshd -D") is None
    assert root.unit("ExecStart=/bin/sh -c 'echo go away'") is None
    assert root.unit("ExecStart=\nExecStart=/usr/bin/env PATH=/x go run .") is not None
    assert root.unit("ExecStart=/home/dev/go/bin/stringer", "s.service") is None, (
        "installed by another account than root"
    )
    assert root.unit("User=dev\nExecStart=/home/dev/go/bin/stringer", "s.service") is not None


def test_a_masked_unit_does_not_run(root: Root) -> None:
    root.write("/usr/lib/systemd/system/build.service", "[Service]\nExecStart=/usr/local/go/bin/go build\n")
    assert "systemd:build.service" in root.contexts()
    (root.top / "etc/systemd/system").mkdir(parents=True)
    (root.top / "etc/systemd/system/build.service").symlink_to("/dev/null")
    assert "systemd:build.service" not in root.contexts()


def test_user_units_run_in_the_users_manager(root: Root) -> None:
    root.write("/home/dev/.config/systemd/user/watch.service", "[Service]\nExecStart=/bin/sh -c 'go run %h/watch'\n")
    root.write("/home/dev/.config/environment.d/go.conf", "PATH=/usr/local/go/bin:$PATH\n")
    unit = root.contexts()["systemd:watch.service"]
    assert (unit.kind, unit.own, value(unit, "HOME")) == ("systemd-user", True, "/home/dev")
    assert path_of(unit).startswith("/usr/local/go/bin:/usr/local/bin")


def test_sudo_gives_secure_path_with_its_line(root: Root) -> None:
    root.write("/usr/bin/sudo", "", 0o755)
    root.write(
        "/etc/sudoers",
        'Defaults env_reset\nDefaults secure_path="/usr/sbin:/usr/bin"\n%sudo ALL=(ALL) ALL\n@includedir /etc/sudoers.d\n',
    )
    context = root.contexts()["sudo"]
    assert (path_of(context), context.own) == ("/usr/sbin:/usr/bin", False)
    assert [(s.path, s.line) for s in context.search_path[0].sources] == [("/etc/sudoers", 2)]
    root.write("/etc/sudoers.d/dev", "Defaults:dev !secure_path\ndev ALL=(ALL) NOPASSWD: ALL\n")
    context = root.contexts()["sudo"]
    assert (path_of(context), context.own) == ("", True)
