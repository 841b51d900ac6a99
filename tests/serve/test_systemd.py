"""The units that are printed, as systemd reads them, and a socket that comes from it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from gosteward.cli.main import main
from gosteward.cli.proxy_actions.unit import NAME
from modules.checkout.git_servers import HOST, PASSWORD, USER, Repository, git_server, ssh_server

if TYPE_CHECKING:
    from pathlib import Path

GOROOT = os.environ.get("GOSTEWARD_TEST_GOROOT", "/usr/local/go")
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ASKING = """\
import os, sys
from gosteward.modules.checkout.source import CheckoutSource, Wishes
from gosteward.modules.origins.upstream import Coming
from gosteward.modules.upstreams import upstreams
goroot, home, store, *paths = sys.argv[1:]
source = CheckoutSource(Wishes(lambda: (goroot,), None, home, "", os.environ), store)
for path in paths:
    with source.opened(upstreams("checkout")[0], path, 60.0) as found:
        print(b"".join(found.body)[:4] if isinstance(found, Coming) else found)
"""

# Of 100: what is left are the network, which it is for, and files that others, such as nginx, are to read.
MOST_EXPOSED = 15


@pytest.fixture
def units(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Paths of the service and the socket."""
    found = []
    for kind in ("service", "socket"):
        assert main(["proxy", "unit", kind, "--program", "/bin/true"]) == 0
        (tmp_path / f"{NAME}.{kind}").write_text(capsys.readouterr().out)
        found.append(str(tmp_path / f"{NAME}.{kind}"))
    return found


def test_systemd_finds_nothing_wrong_with_them(units: list[str]) -> None:
    ran = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert NAME not in ran.stderr


def test_the_service_may_do_little(units: list[str]) -> None:
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", f"--threshold={MOST_EXPOSED}", units[0]]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def within(unit: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program with what the unit leaves of root: a user like others."""
    command = [sys.executable, "-m", "serve.unit_confinement", unit, "0", *words]
    return subprocess.run(
        command, cwd=TESTS, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_what_the_unit_forbids_is_forbidden(units: list[str]) -> None:
    for attempt in (
        "os.chown('/', 0, 0)",
        "os.nice(1)",
        "socket.socket(socket.AF_NETLINK)",
        "mmap.mmap(-1, 4096, prot=7)",
    ):
        ran = within(units[0], sys.executable, "-c", f"import mmap, os, socket\n{attempt}")
        assert "Error: [Errno" in ran.stderr, attempt


def test_go_git_and_ssh_check_modules_out_within_the_unit(tmp_path: Path, units: list[str]) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / ".netrc").write_text(f"machine {HOST} login {USER} password {PASSWORD}\n")
    (home / ".netrc").chmod(0o600)
    with git_server(tmp_path) as server, ssh_server(tmp_path) as ssh:
        ssh.let_in(home)
        paths = []
        for name, scheme in (("text", "https"), ("by-ssh", "ssh")):
            module = f"{HOST}/team/{name}"
            Repository(tmp_path, f"team/{name}").commit({"go.mod": f"module {module}\n"}, "v1.0.0")
            server.metas[f"/team/{name}"] = f"{module} git {scheme}://{module}.git"
            paths += [f"{module}/@v/list", f"{module}/@v/v1.0.0.zip"]
        words = (sys.executable, "-c", ASKING, GOROOT, str(home), str(tmp_path / "store"), *paths)
        ran = within(units[0], *words, **server.environment)
    assert ran.stdout.splitlines() == ["b'v1.0'", "b'PK\\x03\\x04'"] * 2, ran


def test_the_upstream_checkout_gets_more_room(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["proxy", "unit", "service", "--program", "/bin/true", "--checkout"]) == 0
    assert {"MemoryMax=6G", "TasksMax=1024", "OOMPolicy=continue"} <= set(capsys.readouterr().out.split("\n"))


@pytest.mark.parametrize("text", ["a b", "%h:80", 'x"', "x\nUser=root", ""])
def test_what_would_be_something_else_in_a_unit_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["proxy", "unit", "service", "--listen", text]) == 2
    assert capsys.readouterr().out == ""


def test_a_socket_that_systemd_opened_is_used(tmp_path: Path) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    command = (
        "systemd-socket-activate", "-l", f"127.0.0.1:{port}", "-E", "HOME", sys.executable, "-m", "gosteward", "proxy", "serve",
        "--store", str(tmp_path / "store"), "--upstream", "off", "--sumdb", "off", "--listen", "unix:/nowhere/at/all",
    )  # fmt: skip
    said = tmp_path / "said"
    with said.open("wb") as err:
        process = subprocess.Popen(command, env={**os.environ, "HOME": str(tmp_path)}, stderr=err)
    try:
        until, answer = time.time() + 20, b""
        while not answer and time.time() < until:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
                    client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    answer = client.recv(1 << 16)
            except ConnectionError:  # noqa: PERF203 - it begins when the first client comes
                time.sleep(0.02)
        assert answer.endswith(b"ok\n")
        assert f"listening on 127.0.0.1:{port}, store" in said.read_text()
    finally:
        process.terminate()
        process.wait(20)
