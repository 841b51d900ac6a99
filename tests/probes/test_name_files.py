"""What /etc/hosts and /etc/resolv.conf have to do with a server that is not reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.host.rooted import RootedHost
from gosteward.probes import name_files
from gosteward.snapshot import Location, NetworkCheck, User

if TYPE_CHECKING:
    from pathlib import Path

DEV = User(name="dev", uid=1000, gid=1000, home="/home/dev")
SOUND = NetworkCheck("goproxy", "http://goproxy.corp.example", host="goproxy.corp.example")
REFUSED = SOUND._replace(ok=False, step="connect", reason="refused")
UNKNOWN = SOUND._replace(ok=False, step="resolve", reason="unresolvable")
LINE = "10.0.0.9\tGoproxy.corp.example goproxy  # moved"


def host_with(top: Path, hosts: str = f"127.0.0.1 localhost\n{LINE}\n", servers: str = "nameserver 10.0.0.1\n") -> Path:
    (top / "etc").mkdir()
    (top / "etc/hosts").write_text(hosts)
    (top / "etc/resolv.conf").write_text(servers)
    return top / "etc"


def explained(top: Path, check: NetworkCheck) -> NetworkCheck:
    (found,) = name_files.explained(RootedHost(str(top)), DEV, (check,))
    return found


def test_the_line_that_gave_the_address_is_named_where_nobody_listens_there(tmp_path: Path) -> None:
    host_with(tmp_path)
    assert explained(tmp_path, REFUSED).name_line == Location("/etc/hosts", 2, LINE)
    assert explained(tmp_path, SOUND) == SOUND
    through = REFUSED._replace(via="http://proxy:3128")
    assert explained(tmp_path, through) == through


def test_a_name_that_only_root_can_look_up_is_none_to_the_user(tmp_path: Path) -> None:
    (host_with(tmp_path) / "hosts").chmod(0o600)
    found = explained(tmp_path, SOUND)
    assert (found.ok, found.reason, found.name_file) == (False, "unresolvable", "/etc/hosts")
    assert (found.name_problem, found.mode) == ("unreadable", 0o600)


def test_servers_that_nobody_names(tmp_path: Path) -> None:
    etc = host_with(tmp_path, hosts="")
    assert explained(tmp_path, UNKNOWN) == UNKNOWN
    (etc / "resolv.conf").write_text("# nameserver 10.0.0.1\nsearch corp.example\n")
    assert explained(tmp_path, UNKNOWN).name_problem == "no-server"
    (etc / "resolv.conf").unlink()
    assert explained(tmp_path, UNKNOWN).name_problem == "missing"
    (etc / "resolv.conf").symlink_to("/run/systemd/resolve/stub-resolv.conf")
    assert explained(tmp_path, UNKNOWN).name_problem == "dangling"
