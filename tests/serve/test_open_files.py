"""Few files may be open: connections are turned away while there are some left, and nothing is written for each of them."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import socket
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from gosteward.serve.open_connections import ROOMY, Limits
from gosteward.serve.open_files import Shortage, fitting
from serve.serving import Upstream, everything, upstream

if TYPE_CHECKING:
    from pathlib import Path

FILES, CLIENTS = 200, 300
RAISED = "import resource; from gosteward.serve.open_files import raised; print(raised(), resource.getrlimit(7)[0])"


def test_with_few_files_clients_are_turned_away_and_the_others_served(tmp_path: Path) -> None:
    with upstream() as behind, socket.socket() as one:
        behind.add("example.com/text", "v1.0.0")
        one.bind(("127.0.0.1", 0))
        one.listen(CLIENTS)
        said = tmp_path / "said"
        with said.open("wb") as err:
            process = _served(tmp_path, behind, one, err.fileno())
        try:
            with ExitStack() as held:
                for _ in range(CLIENTS):
                    held.enter_context(socket.create_connection(one.getsockname(), timeout=20))
                with socket.create_connection(one.getsockname(), timeout=20) as last:
                    assert b" 503 " in everything(last)
            while True:  # they are closed, and so is what was held of them
                with socket.create_connection(one.getsockname(), timeout=20) as client:
                    client.sendall(b"GET /example.com/text/@v/v1.0.0.mod HTTP/1.0\r\nHost: x\r\n\r\n")
                    answer = everything(client)
                if b" 503 " not in answer:
                    break
            assert b" 200 OK" in answer
        finally:
            process.terminate()
            assert process.wait(30) == 0
    assert "Traceback" not in said.read_text()
    assert (
        said.read_text().count("Too many open files") <= 3
    )  # who is turned away still has one: told each ten seconds at most


def _served(tmp_path: Path, behind: Upstream, one: socket.socket, err: int) -> subprocess.Popen[bytes]:
    """The real command, on a socket as systemd passes it, with FILES to open and no more."""
    start = (
        f"import os, resource, sys\nresource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))\n"
        f"os.dup2({one.fileno()}, 3)\nos.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'gosteward', *sys.argv[1:]])"
    )
    words = ("proxy", "serve", "--store", str(tmp_path / "store"), "--upstream", behind.url, "--sumdb", "off")
    return subprocess.Popen([sys.executable, "-c", start, *words], stderr=err, pass_fds=(one.fileno(),))


def test_what_a_shell_leaves_to_take_is_taken() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    ran = subprocess.run(
        ["prlimit", f"--nofile=64:{hard}", sys.executable, "-c", RAISED], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == [str(min(hard, 16_384))] * 2


def test_connections_fit_beside_the_other_files() -> None:
    assert fitting(ROOMY, 16_384) == ROOMY
    assert fitting(ROOMY, 1_024) == Limits(connections=384, of_one_client=192)
    for files in (16, 64, 256, 1_024, 4_096):
        assert 2 * fitting(ROOMY, files).connections < files
    assert fitting(Limits(8, 3), 1_024) == Limits(8, 3)


def test_a_shortage_is_told_once_and_other_errors_as_always() -> None:
    told: list[OSError] = []
    passed = []

    class Loop(asyncio.SelectorEventLoop):
        def default_exception_handler(self, context: dict[str, object]) -> None:
            passed.append(context)

    loop = Loop()
    shortage = Shortage(lambda: told.append(sys.exc_info()[1]))  # type: ignore[arg-type]
    for _ in range(1_000):
        shortage(loop, {"message": "accept", "exception": OSError(errno.EMFILE, os.strerror(errno.EMFILE))})
    shortage(loop, {"message": "something else", "exception": OSError(errno.EIO, os.strerror(errno.EIO))})
    loop.close()
    assert [one.errno for one in told] == [errno.EMFILE]
    assert [one["message"] for one in passed] == ["something else"]
