"""Many clients at once: eight for one module that is not there yet, and sixty-four for one large zip that is."""

from __future__ import annotations

import selectors
import socket
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from proxy_servers import COLD, SIZES, Server, forget_peak, load, makers, path_of, running, spent
from proxy_upstream import upstream

if TYPE_CHECKING:
    import argparse

OF_ATHENS = 0.25  # of its time, for the cold module
MOST_MEMORY = 80.0  # MB
UNFAIR = 0.5  # of an even share, which the slowest client has when the first one is done
_HEAD = 4_096


class Clients(NamedTuple):
    """What came.  wall: seconds until all had all.   begun: until the last one had its first byte.   share: of the slowest, when the first is done.
    sizes: bytes of each body; 0 where the answer was no 200 or broke off."""

    wall: float
    begun: float
    share: float
    sizes: tuple[int, ...]


class _Client:
    def __init__(self, address: tuple[str, int], path: str) -> None:
        self.socket = socket.create_connection(address)
        self.socket.sendall(f"GET /{path} HTTP/1.1\r\nHost: {address[0]}\r\n\r\n".encode())
        self.head, self.length, self.got, self.begun = b"", -1, 0, 0.0

    def more(self, into: bytearray) -> bool:
        """Take what there is. Returns whether that was all."""
        if self.length >= 0:
            count = self.socket.recv_into(into)
            self.got += count
            return not count or self.got >= self.length
        piece = self.socket.recv(_HEAD)
        self.begun = self.begun or time.monotonic()
        top, blank, rest = (self.head + piece).partition(b"\r\n\r\n")
        self.head = top + blank
        if not piece or (blank and not top.startswith(b"HTTP/1.1 200")):
            self.length = 0
            return True
        if blank:
            named = [line for line in top.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            self.length, self.got = int(named[0].split(b":")[1]), len(rest)
        return False


def together(server: Server, path: str, count: int) -> Clients:
    """So many ask at once."""
    host, _, port = server.base[len("http://") :].partition(":")
    begun = time.monotonic()
    clients = [_Client((host, int(port)), path) for _ in range(count)]
    waiting, share, into = selectors.DefaultSelector(), -1.0, bytearray(1 << 18)
    for client in clients:
        waiting.register(client.socket, selectors.EVENT_READ, client)
    left = count
    while left:
        for key, _ in waiting.select(120):
            if key.data.more(into):
                waiting.unregister(key.data.socket)
                key.data.socket.close()
                left -= 1
                if share < 0:
                    share = min(one.got for one in clients) / max(one.got for one in clients) if key.data.got else 0.0
    wall = time.monotonic() - begun
    sizes = tuple(one.got if one.got == one.length else 0 for one in clients)
    return Clients(wall, max(one.begun for one in clients) - begun, share, sizes)


def cold_module(top: Path, options: argparse.Namespace) -> bool:
    """Measure and print. Returns whether goals were reached."""
    size = (top / "files" / path_of(COLD)).stat().st_size
    print(
        f"\neight clients, one module of {size / 1e6:.0f} MB that is not there yet, 1 s before each answer of the upstream; {load()}"
    )
    walls: dict[str, list[float]] = {}
    lines: dict[str, str] = {}
    reached = True
    with upstream(top / "files", 1.0) as behind:
        for _ in range(options.rounds):
            for name, make in makers(behind.url, options.peers).items():
                with (
                    tempfile.TemporaryDirectory(dir=options.disk or None) as directory,
                    running(make(Path(directory))) as server,
                ):
                    found = together(server, path_of(COLD), 8)
                    after = spent(server.pid)
                fetches = sum(path.endswith(".zip") for path in behind.asked())
                whole = set(found.sizes) == {size}
                walls.setdefault(name, []).append(found.wall)
                lines[name] = (
                    f"{fetches:2} fetches of the zip, CPU {after.cpu:5.2f} s, {after.peak:4.0f} MB, {'all whole' if whole else f'NOT WHOLE {found.sizes}'}"
                )
                reached &= name != "gosteward" or (fetches == 1 and whole)
    for name, found_walls in walls.items():
        line = f"{name:10} {statistics.median(found_walls):6.2f} s ({' '.join(f'{one:.1f}' for one in found_walls)})  {lines[name]}"
        if name == "gosteward" and "athens" in walls:
            part = statistics.median(a / b for a, b in zip(found_walls, walls["athens"]))
            line += f"   {part:.2f} of Athens' time <= {OF_ATHENS}, one fetch{'' if part <= OF_ATHENS else '  MISSED'}"
            reached &= part <= OF_ATHENS
        print(line, flush=True)
    return reached


def fairness(servers: list[Server], options: argparse.Namespace) -> bool:
    """Sixty-four clients take 80 MB each. Returns whether goals were reached."""
    print(
        f"\n64 clients, each takes a zip of 80 MB that is there; share: of the slowest when the first is done; {load()}"
    )
    reached, path = True, path_of("zip-large")
    for server in servers:
        with urllib.request.urlopen(f"{server.base}/{path}") as answer:
            while answer.read(1 << 20):
                pass
    for _ in range(options.rounds):
        for server in servers:
            forget_peak(server.pid)
            before = spent(server.pid)
            found = together(server, path, 64)
            after = spent(server.pid)
            whole = min(found.sizes) > SIZES["zip-large"]
            line = f"{server.name:10} {found.wall:6.2f} s, first bytes by {found.begun:5.2f} s, share {found.share:4.2f}, CPU {after.cpu - before.cpu:5.2f} s, {after.peak:4.0f} MB"
            if server.name == "gosteward":
                met = whole and found.share >= UNFAIR and after.peak <= MOST_MEMORY
                reached &= met
                line += f"   share >= {UNFAIR}, <= {MOST_MEMORY:.0f} MB{'' if met else '  MISSED'}"
            print(line + ("" if whole else "  NOT WHOLE"), flush=True)
    return reached
