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

if TYPE_CHECKING:
    from pathlib import Path

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
    process = subprocess.Popen(command, env={**os.environ, "HOME": str(tmp_path)}, stderr=subprocess.DEVNULL)
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
    finally:
        process.terminate()
        process.wait(20)
