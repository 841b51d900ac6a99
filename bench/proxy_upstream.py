"""An upstream for the benchmark of the module proxy: a directory in the layout of the protocol, with a delay before each answer, as a network has one.

    python bench/proxy_upstream.py DIR SECONDS [--log]

It prints its URL, and with --log the key of a checksum database of its own, which names what is in DIR. `/-/asked` gives the paths that were asked
for since the last time, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import os
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gosteward.golang import cached_names
from gosteward.serve.connections import head, plain
from gosteward.serve.open_connections import Connections, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.serve.connections import Asked, Reply, Writer
    from sumdb.log_server import Log

ASKED = "/-/asked"


class Upstream:
    """An application for `serve.connections`."""

    def __init__(self, top: str, delay: float) -> None:
        self.top, self.delay = top, delay
        self.asked: list[str] = []
        self.log: Log | None = None  # a database, below /sumdb/NAME
        self.prefix = "/sumdb/"

    def __call__(self, asked: Asked) -> Reply:
        target = asked.target.decode().replace("%21", "!")
        if target == ASKED:
            body = json.dumps(self.asked).encode()
            self.asked = []
            return head(200, "", len(body)) + body
        self.asked.append(target)
        return lambda to: self.answer(target, to)

    async def answer(self, target: str, to: Writer) -> None:
        await asyncio.sleep(self.delay)
        if self.log is not None and target.startswith(self.prefix):
            said = self.log.answer(target[len(self.prefix) :])
            to.write(head(said.status, "", len(said.body)) + said.body)
            return
        path = f"{self.top}{target}"
        if not os.path.isfile(path) or ".." in target:
            to.write(plain(404, "not found: it is not in the mirror"))
            return
        with open(path, "rb") as file:  # noqa: ASYNC230 - nothing is read here
            size = os.fstat(file.fileno()).st_size
            to.write(head(200, "", size))
            if size:
                await to.send_file(file, 0, size)


def database_of(top: str) -> Log:
    """A log of our own that names all module versions of a directory."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from sumdb.log_server import Log

    log = Log()
    for found in sorted(Path(top).rglob("*.ziphash")):
        module = cached_names.unescaped(str(found.parent.parent.relative_to(top)))
        version = cached_names.unescaped(found.name[: -len(".ziphash")])
        content = found.with_suffix(".mod").read_bytes()
        line = f"{hashlib.sha256(content).hexdigest()}  go.mod\n"
        of_mod = base64.b64encode(hashlib.sha256(line.encode()).digest()).decode()
        log.add(
            module, version, f"{module} {version} {found.read_text().strip()}\n{module} {version}/go.mod h1:{of_mod}\n"
        )
    return log


async def serve(application: Upstream) -> None:
    loop = asyncio.get_running_loop()
    connections = Connections(application, limits=Limits(4_096, 4_096))
    server = await loop.create_server(connections.made, "127.0.0.1", 0)
    key = application.log.signer.vkey if application.log is not None else "off"
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]} {key}", flush=True)
    await server.serve_forever()


class Behind(NamedTuple):
    """One that runs.  key: of its database, "off" without one."""

    url: str
    key: str

    def asked(self) -> list[str]:
        """Paths since the last call."""
        found: list[str] = json.loads(urllib.request.urlopen(self.url + ASKED).read())
        return found


@contextmanager
def upstream(top: Path, delay: float, *, log: bool = False) -> Iterator[Behind]:
    command = [sys.executable, __file__, str(top), f"{delay:g}", *(["--log"] if log else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()  # type: ignore[union-attr]
        yield Behind(*line.split())
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("top")
    parser.add_argument("delay", type=float)
    parser.add_argument("--log", action="store_true")
    options = parser.parse_args()
    application = Upstream(options.top.rstrip("/"), options.delay)
    if options.log:
        application.log = database_of(application.top)
        application.prefix += application.log.signer.name
    asyncio.run(serve(application))


if __name__ == "__main__":
    main()
