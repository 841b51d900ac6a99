"""The proxy of a soak, and what its process uses."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from serve.soak_clients import SECONDS
from serve.soak_upstream import KINDS


class Look(NamedTuple):
    """What a process uses.  memory: bytes.   files: descriptors of anything but sockets."""

    memory: int
    descriptors: int
    files: int
    threads: int


def look(pid: int) -> Look:
    status = Path(f"/proc/{pid}/status").read_text()
    numbers = {name: int(value) for name, value in re.findall(r"^(VmRSS|Threads):\s+(\d+)", status, re.MULTILINE)}
    opened = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            opened.append(os.readlink(f"/proc/{pid}/fd/{name}"))
    return Look(
        numbers["VmRSS"] << 10, len(opened), sum(not one.startswith("socket:") for one in opened), numbers["Threads"]
    )


def gauges(port: int) -> dict[str, float]:
    """Numbers of /metrics that have no labels."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as asking:
        asking.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: asking.recv(1 << 16), b"")).decode()
    return {name: float(value) for name, value in re.findall(r"^([a-z_]+) ([0-9.e+-]+)$", text, re.MULTILINE)}


def settled(pid: int, port: int) -> Look:
    """What it uses when nobody asks any more."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        found = gauges(port)
        if found["gosteward_proxy_connections"] <= 1 and not found["gosteward_proxy_transfers"]:
            break
        time.sleep(0.2)
    time.sleep(1.0)
    return look(pid)


def command(store: str, behind: str, vkey: str) -> tuple[subprocess.Popen[bytes], int]:
    """The proxy, and its port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    words = [
        "serve",
        "--listen",
        f"127.0.0.1:{port}",
        "--store",
        store,
        "--upstream",
        behind,
        "--sumdb",
        vkey,
        "--list-ttl",
        "1",
    ]
    private = ",".join(f"example.com/{kind}" for kind in KINDS if kind != "logged")
    started = [sys.executable, "-m", "gosteward", "proxy", *words, "--private", private, "--log", "off"]
    process = subprocess.Popen(started, stderr=subprocess.PIPE, start_new_session=True)
    assert process.stderr is not None
    if b"listening" not in process.stderr.readline():
        raise SystemExit("the proxy does not start")
    return process, port
