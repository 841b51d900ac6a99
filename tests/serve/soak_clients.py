"""Clients of a soak: what they do, at random, and whether what they get may be given."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import random
import socket
from typing import TYPE_CHECKING, NamedTuple

from serve.soak_upstream import LARGE, LOGGED, MEDIUM, NEW, NEW_LARGE, SMALL, content

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from sumdb.log_server import Log

TROUBLE = {502, 503, 504}
SECONDS = 60.0
THREADS_WARM = 200  # requests of the burst at the beginning


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
