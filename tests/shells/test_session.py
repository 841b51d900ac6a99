"""The first environment of a session, as su, sudo, sshd and cron were seen to hand it over."""

from __future__ import annotations

from gosteward.shells import session
from gosteward.snapshot import User

# Given to a real `su nobody -c env`; what came out is in the first test.
ENVIRONMENT = r"""# comment
export GOPATH="/opt/my go"  # trailing
  PATH='/opt/a:$PATH:/usr/bin:/bin'
GOFLAGS=-mod=mod
export  GOBIN = /x/y
GOPROXY=https://a.example#frag
FOO="a\"b"
BAD
=x
GOROOT=
CC=gcc -m64"""
LOGIN_DEFS = "# paths\nENV_SUPATH\tPATH=/usr/sbin:/usr/bin:/sbin:/bin\nENV_PATH\tPATH=/usr/local/bin:/usr/bin:/bin"
PAM = "session required pam_env.so readenv=1"
DEV = User(name="dev", uid=1000, gid=1000, home="/home/dev", shell="/bin/bash")


class Files:
    """As much of a host as session asks for."""

    kind = "rooted"
    live = False
    root = "/"

    def __init__(self, **files: str) -> None:
        self.files = {
            "/etc/debian_version": "12.1",
            "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\ndev:x:1000:1000::/home/dev:/bin/bash",
            "/etc/environment": ENVIRONMENT,
            "/etc/login.defs": LOGIN_DEFS,
            **{f"/etc/pam.d/{name}": PAM for name in ("su", "su-l", "sshd", "cron", "login")},
            **{"/" + name.replace("__", "/"): text for name, text in files.items()},
        }

    def lines(self, path: str) -> list[str]:
        return self.files[path].split("\n") if path in self.files else []

    def exists(self, path: str) -> bool:
        return path in self.files

    def listdir(self, path: str, limit: int = 100) -> list[str]:
        return sorted(name.rpartition("/")[2] for name in self.files if name.rpartition("/")[0] == path)[:limit]


def first(kind: str, host: Files | None = None, user: User = DEV) -> dict[str, tuple[str, str, int]]:
    found = session.first_environment(host or Files(), user, kind)  # type: ignore[arg-type]
    return {v.name: (v.value, v.sources[0].path, v.sources[0].line) for v in found}


def test_etc_environment_is_read_as_pam_reads_it() -> None:
    found = first("su")
    assert {name: value for name, (value, path, _) in found.items() if path == "/etc/environment"} == {
        "GOPATH": '/opt/my go"  ',
        "PATH": "/opt/a:$PATH:/usr/bin:/bin",
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "https://a.example",
        "FOO": 'a\\"b',
        "GOROOT": "",
        "CC": "gcc -m64",
    }
    assert found["GOROOT"] == ("", "/etc/environment", 10)
    assert found["HOME"] == ("/home/dev", "/etc/passwd", 2)


def test_su_without_a_path_on_disk_keeps_the_callers() -> None:
    host = Files(etc__environment="GOPROXY=direct")
    assert "PATH" not in first("su", host)
    assert first("login", host)["PATH"] == ("/usr/local/bin:/usr/bin:/bin", "/etc/login.defs", 3)
    assert first("login", host, DEV._replace(name="root", uid=0))["PATH"][2] == 2


def test_cron_never_sees_the_path_of_etc_environment() -> None:
    found = first("cron")
    assert found["PATH"] == ("/usr/bin:/bin", "built in: cron", 0)
    assert found["GOFLAGS"] == ("-mod=mod", "/etc/environment", 4)


def test_sshd_without_pam_has_its_built_in_path_and_set_env_wins() -> None:
    host = Files(etc__ssh__sshd_config="UsePAM no\nSetEnv GOPROXY=off PATH=/opt/go/bin:/usr/bin")
    assert first("ssh-command", host)["PATH"] == ("/opt/go/bin:/usr/bin", "/etc/ssh/sshd_config", 2)
    assert "GOFLAGS" not in first("ssh-command", host)
    assert first("ssh-login", Files(etc__ssh__sshd_config="UsePAM no"))["PATH"][:2] == (
        "/usr/local/bin:/usr/bin:/bin:/usr/games", "built in: sshd",
    )  # fmt: skip


def test_sshd_hands_over_what_the_users_file_says_then_pam_then_set_env() -> None:
    # Given to a real sshd 9.2 with UsePAM and PermitUserEnvironment; what came out is below.
    host = Files(
        etc__environment="GOPROXY=pam\nPATH=/pam/bin:/usr/bin",
        etc__ssh__sshd_config="UsePAM yes\nPermitUserEnvironment yes\nInclude sshd_config.d/*.conf\nSetEnv GOFLAGS=late",
        etc__ssh__sshd_config_d__go_conf="Match Group staff\nSetEnv GOFLAGS=set GOFLAGS=second",
        etc__group="staff:x:50:dev",
    )
    host.files["/etc/ssh/sshd_config.d/go.conf"] = host.files.pop("/etc/ssh/sshd_config_d/go_conf")
    host.files["/home/dev/.ssh/environment"] = "PATH=/user/bin:/usr/bin\nGOPROXY=user\nGOFLAGS=user\nGOBIN=/user"
    found = first("ssh-command", host)
    assert {name: found[name] for name in ("PATH", "GOPROXY", "GOFLAGS", "GOBIN")} == {
        "PATH": ("/pam/bin:/usr/bin", "/etc/environment", 2),
        "GOPROXY": ("pam", "/etc/environment", 1),
        "GOFLAGS": ("set", "/etc/ssh/sshd_config.d/go.conf", 2),
        "GOBIN": ("/user", "/home/dev/.ssh/environment", 4),
    }


def test_a_configuration_of_sshd_that_only_root_may_read_is_taken_for_one_with_pam() -> None:
    host = Files(etc__ssh__sshd_config="")
    host.files["/etc/ssh/sshd_config"] = ""
    host.lines = lambda path: [] if path == "/etc/ssh/sshd_config" else Files.lines(host, path)  # type: ignore[method-assign]
    assert first("ssh-command", host)["GOFLAGS"] == ("-mod=mod", "/etc/environment", 4)


def test_sudo_hands_over_secure_path_with_its_line_and_roots_home() -> None:
    host = Files(etc__sudoers='Defaults env_reset\nDefaults secure_path="/usr/sbin:/usr/bin"\ndev ALL=(ALL) ALL')
    for kind in ("sudo", "sudo-login"):
        found = first(kind, host)
        assert found["PATH"] == ("/usr/sbin:/usr/bin", "/etc/sudoers", 2)
        assert found["HOME"][0] == "/root"
        assert "GOFLAGS" not in found
    assert session.sudoers(host, DEV).may_use  # type: ignore[arg-type]
    assert not session.sudoers(host, DEV._replace(name="other", uid=1001)).may_use  # type: ignore[arg-type]


def test_groups_with_numbers_that_no_kernel_has_are_passed_over() -> None:
    host = Files(etc__group=f"far:x:{'9' * 5000}:dev\nodd:x:\u00b2:dev\nsudo:x:27:dev\ndev:x:1000:")
    assert session.group_names(host, DEV) == ("sudo", "dev")  # type: ignore[arg-type]
