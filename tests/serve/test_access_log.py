"""The log: what is in a line, what never is, and that nothing waits for whoever reads it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from gosteward.modules.tally import Trouble
from gosteward.serve.access_log import MOST_TROUBLES, MOST_WAITING, AccessLog
from gosteward.serve.exchanges import Exchange
from serve.serving import Upstream, proxy, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULE, VERSION = "example.com/text", "v1.2.3"
BASE = f"/{MODULE}/@v/{VERSION}"
LINE = Exchange(1_795_865_160.25, "ab-1", "127.0.0.1", "GET", "/x/@v/list", 200, 12, 0.5, "upstream")


@pytest.fixture
def behind() -> Iterator[Upstream]:
    with upstream() as served:
        served.add(MODULE, VERSION)
        served.files[f"/{MODULE}/@v/list"] = b"v1.2.3\n"
        yield served


def told(tmp_path: Path, behind: Upstream, *, hits: bool = False) -> list[dict[str, object]]:
    """Lines of some requests."""
    with (
        (tmp_path / "log").open("wb", buffering=0) as file,
        proxy(tmp_path, behind.url, log=AccessLog(file, "json"), log_hits=hits) as served,
    ):
        for path in (
            f"{BASE}.mod",
            f"{BASE}.mod",
            f"{BASE}.mod",
            f"/{MODULE}/@v/list",
            f"/{MODULE}/@v/list",
            "/odd\x7f?password=s3cret",
        ):
            served.get(path.replace("\x7f", "%7f\\"), authorization="Basic c2VjcmV0")
        answer = served.get("/example.com/none/@latest")
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]+", answer.headers["x-request-id"])
        served.get("/healthz")
    lines = (tmp_path / "log").read_bytes()
    assert b"s3cret" not in lines
    assert b"c2VjcmV0" not in lines
    found = [json.loads(line) for line in lines.splitlines()]
    assert found[-1]["id"] == answer.headers["x-request-id"]
    return found


def test_every_request_has_a_line_that_says_where_its_answer_came_from(tmp_path: Path, behind: Upstream) -> None:
    lines = told(tmp_path, behind)
    assert [line["how"] for line in lines] == ["upstream", "store", "upstream", "store", "refused", "upstream"]
    assert [line["status"] for line in lines] == [200, 200, 200, 200, 400, 404]
    assert {line["client"] for line in lines} == {"127.0.0.1"}
    assert int(str(lines[0]["bytes"])) > 23


def test_answers_from_memory_have_lines_where_that_is_wanted(tmp_path: Path, behind: Upstream) -> None:
    assert [line["how"] for line in told(tmp_path, behind, hits=True)][:3] == ["upstream", "store", "memory"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_a_client_or_an_upstream_writes_stays_on_its_line(tmp_path: Path, form: str) -> None:
    with open(tmp_path / "log", "wb", buffering=0) as file:
        log = AccessLog(file, form)
        log.exchange(LINE._replace(path="/a b\n\x1b[2J\x85" + "x" * 5_000, method="G\nT"))
        log.trouble(Trouble(1_795_865_160.0, "upstream", "one\ntwo\x1b[31m \u202e"))
        log.close()
    lines = (tmp_path / "log").read_text().split("\n")
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)
    assert len(lines[0]) < 500
    assert "2026-11-28T" in lines[0]
    if form == "text":
        assert len(lines[0].split(" ")) == 9


def test_troubles_are_limited_each_second_and_those_left_out_are_counted(tmp_path: Path) -> None:
    with open(tmp_path / "log", "wb", buffering=0) as file:
        log = AccessLog(file, "text")
        for number in range(100):
            log.trouble(Trouble(1_795_865_160.0 + number / 1_000, "upstream", "busy"))
        log.exchange(LINE)
        log.close()
    text = (tmp_path / "log").read_text()
    assert text.count(" upstream busy") == MOST_TROUBLES
    assert "80 lines were left out" in text


def test_nobody_waits_for_a_reader_that_does_not_read() -> None:
    reading, writing = os.pipe()
    with open(writing, "wb", buffering=0) as file:
        log = AccessLog(file, "text")
        for _ in range(2 * MOST_WAITING):
            log.exchange(LINE)
        assert log.left_out > 0
        os.close(reading)  # then what is stuck in the pipe fails, and the thread ends
        log.close()


@contextmanager
def serving(tmp_path: Path, behind: Upstream, stderr: int) -> Iterator[subprocess.Popen[bytes]]:
    command = (
        "proxy", "serve", "--listen", f"unix:{tmp_path}/s", "--store", str(tmp_path / "store"), "--upstream", behind.url, "--sumdb", "off",
    )  # fmt: skip
    environment = {**os.environ, "HOME": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-m", "gosteward", *command], stderr=stderr, env=environment)
    try:
        until = time.time() + 20
        while not (tmp_path / "s").exists() and time.time() < until:
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_closed_stderr_does_not_end_the_service(tmp_path: Path, behind: Upstream) -> None:
    reading, writing = os.pipe()
    with serving(tmp_path, behind, writing) as process:
        os.close(writing)
        os.close(reading)
        for path in ("/example.com/none/@v/list", f"{BASE}.mod", "/bad"):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(tmp_path / "s"))
                client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                assert client.recv(100).startswith(b"HTTP/1.1 ")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
