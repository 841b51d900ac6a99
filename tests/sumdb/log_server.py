"""A checksum database of our own, honest unless told otherwise. Its hashes are made as RFC 6962 defines them, by code that shares nothing with ours."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import re
import threading
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gosteward.sumdb.client import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME = "log.example"
TILE = re.compile(r"/tile/8/(\d+)/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d*))?")


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1: MTH, of leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\1", mth(leaves[:k]), mth(leaves[k:]))


def audit_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1: PATH."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*audit_path(m, leaves[:k]), mth(leaves[k:])]
    return [*audit_path(m - k, leaves[k:]), mth(leaves[:k])]


def consistency(m: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """RFC 6962, 2.1.2: SUBPROOF, without the cases of an empty and of the same tree."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*consistency(m, leaves[:k], whole), mth(leaves[k:])]
    return [*consistency(m - k, leaves[k:], False), mth(leaves[:k])]


def record_of(module: str, version: str, seed: str = "") -> str:
    zip_h1, mod_h1 = (base64.b64encode(sha256(f"{module}{version}{seed}{kind}".encode())).decode() for kind in "zm")
    return f"{module} {version} h1:{zip_h1}\n{module} {version}/go.mod h1:{mod_h1}\n"


def escaped(text: str) -> str:
    return re.sub("[A-Z]", lambda match: f"!{match[0].lower()}", text)


class Signer:
    """A key of Ed25519 with its name."""

    def __init__(self, name: str = NAME, seed: bytes = b"1") -> None:
        self.name = name
        self._private = Ed25519PrivateKey.from_private_bytes(sha256(seed))
        public = b"\1" + self._private.public_key().public_bytes_raw()
        self.hash = sha256(name.encode(), b"\n", public)[:4]
        self.vkey = f"{name}+{self.hash.hex()}+{base64.b64encode(public).decode()}"

    def line(self, text: str, hash_: bytes = b"") -> str:
        signature = (hash_ or self.hash) + self._private.sign(text.encode())
        return f"— {self.name} {base64.b64encode(signature).decode()}\n"

    def note(self, text: str) -> str:
        return f"{text}\n{self.line(text)}"


class Log:
    """A log.

    Attributes:
        records: texts in order.   signer: may be replaced.   tampered: makes another answer of an answer.
        extension: lines behind each tree head.   asked: paths in order.   partial_tiles: whether it still has them.
    """

    def __init__(self, size: int = 0, seed: str = "") -> None:
        self.signer = Signer()
        self.records: list[str] = []
        self.places: dict[str, int] = {}
        self.levels: list[list[bytes]] = [[]]
        self.tampered: Callable[[str, Answer], Answer] = lambda _, answer: answer
        self.extension = ""
        self.asked: list[str] = []
        self.partial_tiles = True
        self.files: dict[str, bytes] = {}
        self._roots: dict[int, bytes] = {}
        self.grow(size, seed)

    def grow(self, count: int, seed: str = "") -> None:
        for number in range(len(self.records), len(self.records) + count):
            self.add(f"example.com/m{number}", "v1.0.0", seed=seed)

    def add(self, module: str, version: str, text: str = "", seed: str = "") -> int:
        self.places[f"/lookup/{escaped(module)}@{escaped(version)}"] = len(self.records)
        self.records.append(text or record_of(module, version, seed))
        level, digest = 0, sha256(b"\0", self.records[-1].encode())
        while True:
            if level == len(self.levels):
                self.levels.append([])
            self.levels[level].append(digest)
            if len(self.levels[level]) % 256:
                return len(self.records) - 1
            level, digest = level + 1, mth(self.levels[level][-256:])

    def head(self, size: int = -1, extension: str = "") -> str:
        leaves = self.levels[0] if size < 0 else self.levels[0][:size]
        if len(leaves) not in self._roots:
            self._roots[len(leaves)] = mth(leaves)
        text = f"go.sum database tree\n{len(leaves)}\n{base64.b64encode(self._roots[len(leaves)]).decode()}\n"
        return self.signer.note(text + (extension or self.extension))

    def answer(self, path: str) -> Answer:
        self.asked.append(path)
        return self.tampered(path, self._honest(path))

    def _honest(self, path: str) -> Answer:
        tile = TILE.fullmatch(path)
        if tile:
            level, number, width = int(tile[1]), int(re.sub("[x/]", "", tile[2])), int(tile[3] or 256)
            hashes = (self.levels[level] if level < len(self.levels) else [])[number * 256 :][:width]
            there = len(hashes) == width and (width == 256 or self.partial_tiles)
            return Answer(200, b"".join(hashes)) if there else Answer(404, b"no such tile\n")
        if path in self.places:
            number = self.places[path]
            return Answer(200, f"{number}\n{self.records[number]}\n{self.head()}".encode())
        if path == "/latest":
            return Answer(200, self.head().encode())
        return Answer(200, b"") if path == "/supported" else Answer(404, b"not found: unknown revision\n")


@contextlib.contextmanager
def serving(log: Log) -> Iterator[str]:
    """The URL of a module proxy on loopback: it serves the database below /sumdb/NAME, and `log.files`."""
    prefix = f"/sumdb/{log.signer.name}"

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.replace("%21", "!")
            if path.startswith(prefix):
                status, body = log.answer(path[len(prefix) :])
            else:
                status, body = (200, log.files[path]) if path in log.files else (404, b"not found\n")
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
