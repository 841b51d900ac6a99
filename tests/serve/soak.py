"""A soak: the real command, and clients that want everything at once, misbehave, and compare every byte, with an upstream that fails now and then.

    soak.py [--minutes 10] [--clients 64] [--requests N]        (all on the loopback; `make soak`)

What clients do, at random: small files on one connection, pipelined or one by one; modules that nobody asked for before; zips of 30 KB to 20 MB,
read fast, slowly, or only in part, with FIN or RST in the middle; HEAD; lists, @latest and branches; what there is not; bytes that are no HTTP;
records and tiles of the checksum database; the pages for operators. Of what the upstream has, an answer is right to the last byte, or 502, 503,
504, or cut before its end; of what it has not, 404, or one of those.

At the end nothing comes in any more, nothing unfinished lies in the store, descriptors and threads are no more than after a burst at the beginning,
and memory has been at most 80 MB, and has not grown in the second half. Exit code 0 if all of that is so.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import functools
import hashlib
import http.server
import io
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path[:0] = [str(Path(__file__).parents[1])]
from gosteward.golang import dirhash  # noqa: E402
from sumdb.log_server import Log  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

MOST_MEMORY = 80 << 20
ROOM = (
    2 << 20
)  # bytes more in the last quarter that are no growth: what is held for answers has a limit, and fills up meanwhile
EACH = 10.0  # seconds between two looks
LOGGED, SMALL, MEDIUM, LARGE = 300, 60, 12, 6  # modules of each kind that all clients ask for
NEW, NEW_LARGE = 12_000, 40  # modules that one client asks for, at most: that is how large the store gets
VERSION = "v1.0.0"
TROUBLE = {502, 503, 504}
SECONDS = 60.0
THREADS_WARM = 200  # requests of the burst at the beginning
KINDS = {
    "logged": 30_000,
    "small": 30_000,
    "medium": 1_000_000,
    "large": 20_000_000,
    "new": 30_000,
    "newlarge": 5_000_000,
}
PATH = re.compile(
    r"/example\.com/(logged|small|medium|newlarge|new|large)/m(\d+)/(@v/list|@latest|@v/main\.info|@v/v1\.0\.0\.(?:info|mod|zip))"
)


# What there is


def content(path: str) -> bytes | None:
    """What the upstream has under a path; None for nothing. The same in every process."""
    match = PATH.fullmatch(path)
    if match is None:
        return None
    kind, number, what = match[1], int(match[2]), match[3]
    module = f"example.com/{kind}/m{number}"
    if what.endswith(".zip"):
        return archive(kind, number)
    if what.endswith(".mod"):
        return f"module {module}\n".encode()
    return f"{VERSION}\n".encode() if what == "@v/list" else f'{{"Version":"{VERSION}"}}'.encode()


@functools.lru_cache(maxsize=64)
def archive(kind: str, number: int) -> bytes:
    """The zip of a module; its content cannot be compressed."""
    module, whole = f"example.com/{kind}/m{number}", io.BytesIO()
    with zipfile.ZipFile(whole, "w") as zipped:
        zipped.writestr(zipfile.ZipInfo(f"{module}@{VERSION}/go.mod"), f"module {module}\n")
        chance = random.Random(f"{kind}{number}")
        zipped.writestr(zipfile.ZipInfo(f"{module}@{VERSION}/data.bin"), chance.randbytes(KINDS[kind] + number))
    return whole.getvalue()


def database() -> Log:
    """A log that knows the modules that are not private."""
    log = Log(1_000)
    for number in range(LOGGED):
        module = f"example.com/logged/m{number}"
        digest = hashlib.sha256(f"module {module}\n".encode()).hexdigest()
        mod_h1 = dirhash.of_digests([(b"go.mod", digest)])
        zip_h1 = dirhash.of_zip(archive("logged", number))
        log.add(module, VERSION, f"{module} {VERSION} {zip_h1}\n{module} {VERSION}/go.mod {mod_h1}\n")
    return log


# The upstream


def upstream(log: Log, seed: int, asked: socket.socket) -> None:
    """Serve, for ever: rightly most of the time."""
    chance = random.Random(seed)
    lock = threading.Lock()
    prefix = f"/sumdb/{log.signer.name}"

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.replace("%21", "!")
            if path.startswith(prefix):
                with lock:
                    status, body = log.answer(path[len(prefix) :])
                self._say(status, body)
                return
            found = content(path)
            if found is None:
                self._say(404, b"not found: no such module")
            else:
                self._say(*self._spoiled(path, found))

        def _spoiled(self, path: str, body: bytes) -> tuple[int, bytes, int]:
            """Status, body, and how much of it is sent."""
            fate = chance.random()
            if fate < 0.01:
                return chance.choice((500, 502, 503, 429)), b"out of order", 12
            if fate < 0.02:
                return 200, body, chance.randrange(len(body))
            if fate < 0.03:
                time.sleep(chance.uniform(0.1, 1.0))
            if fate < 0.035 and "/logged/" in path and path.endswith(".zip"):
                middle = len(body) // 2
                return 200, body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :], len(body)
            return 200, body, len(body)

        def _say(self, status: int, body: bytes, count: int = -1) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if count < 0 else body[:count])
            self.close_connection |= -1 < count < len(body)

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):
                super().handle()

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 256
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    asked.sendall(f"http://127.0.0.1:{server.server_port}".encode())
    server.serve_forever(5.0)


# Clients


class WrongAnswerError(Exception):
    """Something that must never happen."""


class CutError(Exception):
    """An answer that ends before its end."""


class Answer(NamedTuple):
    """An answer.  body: as much of it as came."""

    status: int
    body: bytes
    whole: bool


class Peer:
    """A connection to the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def ask(self, path: str, method: str = "GET") -> None:
        self.writer.write(f"{method} {path.replace('!', '%21')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    async def answer(self, *, head: bool = False, until: int = -1, pause: float = 0.0) -> Answer:
        """Read an answer.  until: bytes of the body after which reading ends.   pause: seconds after each piece."""
        try:
            top = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), SECONDS)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise CutError from error
        lines = top.decode("latin-1").split("\r\n")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        status, size = int(lines[0].split()[1]), int(fields["content-length"])
        if head:
            return Answer(status, b"", True)
        body = bytearray()
        wanted = size if until < 0 else min(size, until)
        with contextlib.suppress(ConnectionError):
            while len(body) < wanted:
                piece = await asyncio.wait_for(self.reader.read(min(1 << 16, wanted - len(body))), SECONDS)
                if not piece:
                    break
                body += piece
                if pause:
                    await asyncio.sleep(pause)
        return Answer(status, bytes(body), len(body) == size)

    def reset(self) -> None:
        """End it with RST."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.writer.transport.abort()


class Soak:
    """Clients, and what they saw.

    Attributes:
        seen: how often what happened.   wrong: what must never happen.
    """

    def __init__(self, port: int, log: Log, stop: Callable[[], bool]) -> None:
        self.port, self.log, self.stop = port, log, stop
        self.seen: collections.Counter[str] = collections.Counter()
        self.wrong: list[str] = []
        self.bytes = 0
        self.chance = random.Random(6)
        self._new = iter(range(NEW))
        self._new_large = iter(range(NEW_LARGE))
        self.prefix = f"/sumdb/{log.signer.name}"
        self.database_paths = [*list(log.places)[-LOGGED:], "/supported", "/tile/8/0/000", "/tile/8/0/003"]

    @contextlib.asynccontextmanager
    async def peer(self) -> Iterator[Peer]:  # type: ignore[misc]
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 16)
        try:
            yield Peer(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def check(self, path: str, answer: Answer, *, head: bool = False) -> None:
        """Whether an answer is one that may be given."""
        self.bytes += len(answer.body)
        self.seen[f"{answer.status}{'' if answer.whole else ' cut'}"] += 1
        expected = self.expected(path)
        if answer.status in TROUBLE:
            return
        if expected is None:
            if answer.status != 404:
                raise WrongAnswerError(f"{path}: {answer.status} for what there is not")
        elif answer.status != 200:
            raise WrongAnswerError(f"{path}: {answer.status}: {answer.body[:200]!r}")
        elif not head and (answer.body != expected if answer.whole else not expected.startswith(answer.body)):
            raise WrongAnswerError(f"{path}: wrong bytes: {len(answer.body)} of {len(expected)}")

    def expected(self, path: str) -> bytes | None:
        if path.startswith(self.prefix):
            if path.endswith("/supported"):
                return b""
            return self.log.answer(path[len(self.prefix) :]).body
        return content(path)

    def one(self) -> str:
        """A module that all ask for."""
        kind, count = self.chance.choices((("logged", LOGGED), ("small", SMALL), ("medium", MEDIUM)), (6, 4, 2))[0]
        return f"/example.com/{kind}/m{self.chance.randrange(count)}"

    def small_path(self) -> str:
        ending = self.chance.choice(
            ("@v/v1.0.0.info", "@v/v1.0.0.mod", "@v/list", "@latest", "@v/main.info", "@v/v1.0.0.zip")
        )
        return f"{self.one()}/{ending}"

    # What clients do

    async def one_by_one(self) -> None:
        async with self.peer() as peer:
            for _ in range(self.chance.randint(1, 30)):
                path = self.small_path()
                peer.ask(path)
                answer = await peer.answer()
                self.check(path, answer)
                if not answer.whole:
                    return

    async def pipelined(self) -> None:
        paths = [self.small_path() for _ in range(self.chance.randint(2, 40))]
        async with self.peer() as peer:
            for path in paths:
                peer.ask(path)
            for path in paths:
                answer = await peer.answer()
                self.check(path, answer)
                if not answer.whole:
                    return

    async def new(self) -> None:
        number = next(self._new, None)
        base = f"/example.com/new/m{number}" if number is not None else self.one()
        async with self.peer() as peer:
            for ending in ("info", "mod", "zip"):
                peer.ask(f"{base}/@v/v1.0.0.{ending}")
                answer = await peer.answer()
                self.check(f"{base}/@v/v1.0.0.{ending}", answer)
                if not answer.whole:
                    return

    async def same_new_large(self) -> None:
        """Four clients of one that is not there yet; two of them leave."""
        number = next(self._new_large, None)
        if number is None:
            return await self.large()
        path = f"/example.com/newlarge/m{number}/@v/v1.0.0.zip"
        await asyncio.gather(self._get(path), self._get(path), self._leave(path), self._leave(path))
        return None

    async def large(self) -> None:
        await self._get(f"/example.com/large/m{self.chance.randrange(LARGE)}/@v/v1.0.0.zip")

    async def slow(self) -> None:
        path = f"/example.com/{self.chance.choice(('medium/m3', 'large/m1'))}/@v/v1.0.0.zip"
        async with self.peer() as peer:
            peer.ask(path)
            self.check(path, await peer.answer(until=self.chance.choice((-1, 3_000_000)), pause=0.01))

    async def leave(self) -> None:
        await self._leave(
            f"{self.one()}/@v/v1.0.0.zip" if self.chance.random() < 0.5 else "/example.com/large/m2/@v/v1.0.0.zip"
        )

    async def head(self) -> None:
        path = f"{self.one()}/@v/v1.0.0.zip"
        async with self.peer() as peer:
            peer.ask(path, "HEAD")
            self.check(path, await peer.answer(head=True), head=True)

    async def absent(self) -> None:
        path = f"/example.com/none/m{self.chance.randrange(100_000)}/{self.chance.choice(('@latest', '@v/list', '@v/v1.0.0.zip'))}"
        await self._get(path)

    async def database(self) -> None:
        async with self.peer() as peer:
            for path in self.chance.sample(self.database_paths, 5):
                peer.ask(self.prefix + path)
                self.check(self.prefix + path, await peer.answer())

    async def pages(self) -> None:
        async with self.peer() as peer:
            for path in ("/healthz", "/metrics", "/-/", "/-/modules/"):
                peer.ask(path)
                self.seen[f"{path} {(await peer.answer()).status}"] += 1

    async def noise(self) -> None:
        async with self.peer() as peer:
            peer.writer.write(
                self.chance.choice(
                    (
                        b"GET /",
                        b"\x16\x03\x01",
                        b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
                        b"",
                        self.chance.randbytes(300),
                    )
                )
            )
            await asyncio.sleep(self.chance.random())
            if self.chance.random() < 0.5:
                peer.reset()

    async def _get(self, path: str) -> None:
        async with self.peer() as peer:
            peer.ask(path)
            self.check(path, await peer.answer())

    async def _leave(self, path: str) -> None:
        async with self.peer() as peer:
            peer.ask(path)
            if self.chance.random() < 0.3:
                await asyncio.sleep(self.chance.uniform(0, 0.05))
            else:
                await peer.answer(until=self.chance.randrange(1, 2_000_000))
            self.seen["left"] += 1
            if self.chance.random() < 0.5:
                peer.reset()

    async def client(self, most: int) -> None:
        deeds: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self.one_by_one, 20), (self.pipelined, 20), (self.new, 20), (self.same_new_large, 1), (self.large, 1), (self.slow, 1),
            (self.leave, 6), (self.head, 4), (self.absent, 6), (self.database, 10), (self.pages, 1), (self.noise, 4),
        ]  # fmt: skip
        done, weights = 0, [weight for _, weight in deeds]
        while not self.stop() and done < most and not self.wrong:
            deed = self.chance.choices(deeds, weights)[0][0]
            done += 1
            try:
                await deed()
            except CutError:
                self.seen["cut"] += 1
            except ConnectionError:
                self.seen["connection ended"] += 1
            except asyncio.TimeoutError:
                self.wrong.append(f"nothing came for {SECONDS:.0f} s: {deed.__name__}")
            except WrongAnswerError as error:
                self.wrong.append(str(error))
            await asyncio.sleep(0)


# The proxy


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


async def soaked(soak: Soak, pid: int, clients: int, most: int) -> list[Look]:
    """Let clients do what they do. Returns a look each few seconds."""
    looks: list[Look] = []

    async def looking() -> None:
        while True:
            looks.append(look(pid))
            now = looks[-1]
            print(f"{len(looks) * EACH - EACH:5.0f} s: {now.memory / 1e6:5.1f} MB, {now.descriptors} descriptors ({now.files} no sockets), {now.threads} threads; "
                  f"{sum(soak.seen.values())} answers, {soak.bytes / 1e9:.1f} GB", flush=True)  # fmt: skip
            await asyncio.sleep(EACH)

    watching = asyncio.ensure_future(looking())
    await asyncio.gather(*(soak.client(most) for _ in range(clients)))
    watching.cancel()
    return looks


async def burst(soak: Soak) -> None:
    """As many threads and connections to upstreams as there ever will be."""
    paths = [
        f"/example.com/{kind}/m{number}/@v/v1.0.0.zip"
        for kind, count in (("logged", LOGGED), ("medium", MEDIUM))
        for number in range(count)
    ]
    for _ in range(2):
        await asyncio.gather(
            *(soak._get(path) for path in paths[:THREADS_WARM]),
            *(soak.pages() for _ in range(4)),
            return_exceptions=True,
        )


def judged(start: Look, looks: list[Look], end: Look, store: str, *, memory: bool) -> Iterator[str]:
    """What is wrong at the end."""
    if os.listdir(f"{store}/incoming"):
        yield f"left in incoming: {os.listdir(f'{store}/incoming')}"
    if end.files > start.files:
        yield f"{end.files} descriptors of files, {start.files} at the start"
    if end.descriptors > start.descriptors:
        yield f"{end.descriptors} descriptors, {start.descriptors} at the start"
    if end.threads > start.threads:
        yield f"{end.threads} threads, {start.threads} at the start"
    if not memory:
        return
    course = [one.memory for one in looks]
    half = course[len(course) // 2 :]
    third, last = half[: len(half) // 2], half[len(half) // 2 :]
    if max(course) > MOST_MEMORY:
        yield f"{max(course)} bytes of memory, more than {MOST_MEMORY}"
    if third and max(last) > max(third) + ROOM:
        yield f"memory grows in the second half: from {max(third)} to {max(last)} bytes"


def main() -> int:
    """Exit code 0 if all was right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--requests", type=int, default=1 << 30, help="deeds of each client; then memory is not judged")
    options = parser.parse_args()
    log = database()
    ours, theirs = socket.socketpair()
    serving = os.fork()
    if not serving:
        with contextlib.suppress(KeyboardInterrupt):
            upstream(log, 7, theirs)
        os._exit(0)
    behind = ours.recv(1_000).decode()
    with tempfile.TemporaryDirectory(prefix="soak") as top:
        process, port = command(f"{top}/store", behind, log.signer.vkey)
        try:
            until = time.monotonic() + 60 * options.minutes
            soak = Soak(port, log, lambda: time.monotonic() > until)
            asyncio.run(burst(soak))
            start = settled(process.pid, port)
            looks = asyncio.run(soaked(soak, process.pid, options.clients, options.requests))
            end = settled(process.pid, port)
            wrong = [*soak.wrong, *judged(start, looks, end, f"{top}/store", memory=options.requests == 1 << 30)]
            print(f"before: {start}\nafter: {end}\nseen: {dict(sorted(soak.seen.items()))}\n{gauges(port)}")
            process.send_signal(signal.SIGTERM)
            if process.wait(60):
                wrong.append(f"it ended with {process.returncode}")
            said = process.stderr.read().decode() if process.stderr else ""
            wrong += [f"it said: {said[-2_000:]}"] if said.strip() else []
        finally:
            process.kill()
            os.kill(serving, signal.SIGKILL)
            os.waitpid(serving, 0)
    print("\n".join(wrong) or "all was right")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
