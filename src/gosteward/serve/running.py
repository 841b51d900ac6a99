"""A server from its sockets to its end: started by hand or by systemd, stopped by a signal, with every answer under way given first.

Source: sd_listen_fds(3) for sockets that come from systemd; sd_notify(3).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import StewardError, UsageError
from gosteward.serve.connections import USUAL
from gosteward.serve.memory import give_back_each_minute, give_back_large_pieces
from gosteward.serve.open_connections import ROOMY, Connections
from gosteward.serve.open_files import Shortage, fitting, raised
from gosteward.serve.tls_listening import listeners

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gosteward.serve.connections import Asked, Reply, Timeouts
    from gosteward.serve.open_connections import Limits, Traffic
    from gosteward.serve.tls_listening import Tls, TlsListener

BACKLOG = 1_024
DRAIN_SECONDS = 20.0
_FIRST_PASSED = 3


class ListenError(StewardError):
    """An address cannot be listened on."""

    exit_code = 69  # EX_UNAVAILABLE


class Address(NamedTuple):
    """Where to listen.  path: of a Unix socket, then the others are empty."""

    host: str = ""
    port: int = 0
    path: str = ""

    @property
    def is_local(self) -> bool:
        """Whether only this host can reach it."""
        return bool(self.path) or self.host in ("localhost", "::1") or self.host.startswith("127.")


def address(text: str) -> Address:
    """Read "127.0.0.1:3000", "[::1]:3000", ":3000" (all addresses), "unix:/run/x.sock". Raises UsageError."""
    if text.startswith("unix:/"):
        return Address(path=text[len("unix:") :])
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65_535:
        raise UsageError("this is no address to listen on", subject=text, hint="HOST:PORT or unix:/PATH")
    if host.startswith("[") != host.endswith("]") or (":" in host and not host.startswith("[")):
        raise UsageError("an IPv6 address is written in brackets", subject=text, hint="[::1]:3000")
    return Address(host.strip("[]"), int(port))


def exposed(listening: Sequence[socket.socket]) -> str:
    """The first address that others than this host can reach; "" for none. What systemd passes was not said on our command line."""
    for one in listening:
        if one.family == socket.AF_UNIX:
            continue
        host, port = one.getsockname()[:2]
        if not Address(host, port).is_local:
            return f"{host}:{port}"
    return ""


def sockets(where: Address, environ: Mapping[str, str]) -> list[socket.socket]:
    """Sockets that listen: those that systemd passed, else new ones. Raises ListenError."""
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") == str(os.getpid()) and count.isdecimal():
        return [socket.socket(fileno=_FIRST_PASSED + number) for number in range(int(count))]
    try:
        return [_unix(where.path)] if where.path else _inet(where)
    except OSError as error:
        shown = where.path or f"{where.host or '*'}:{where.port}"
        raise ListenError(f"it cannot be listened on ({error.strerror})", subject=shown) from error


def shown(listening: Sequence[socket.socket]) -> str:
    """Where clients can connect, for people: the port that the system chose where 0 was asked for, and what systemd passed."""
    return ", ".join(map(_shown, listening))


def _shown(one: socket.socket) -> str:
    place = one.getsockname()
    if one.family == socket.AF_UNIX:
        path = os.fsdecode(place)
        return f"unix:{path}" if path.startswith("/") else f"unix:@{path[1:]}"
    host, port = place[:2]
    return f"[{host}]:{port}" if one.family == socket.AF_INET6 else f"{host}:{port}"


def _unix(path: str) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    with contextlib.suppress(ConnectionRefusedError, FileNotFoundError), socket.socket(socket.AF_UNIX) as asking:
        asking.connect(path)
        raise OSError(98, "another process listens there", path)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    listening.bind(path)
    listening.listen(BACKLOG)
    return listening


def _inet(where: Address) -> list[socket.socket]:
    found = []
    for family, kind, number, _, place in socket.getaddrinfo(
        where.host or None, where.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    ):
        listening = socket.socket(family, kind, number)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(place)
        listening.listen(BACKLOG)
        found.append(listening)
    return found


async def serve(
    listening: Sequence[socket.socket],
    application: Callable[[Asked], Reply],
    started: Callable[[], None],
    failed: Callable[[], None] = lambda: None,
    timeouts: Timeouts = USUAL,
    limits: Limits = ROOMY,
    tls: Tls | None = None,
    traffic: Traffic | None = None,
) -> None:
    """Answer until SIGTERM or SIGINT; then finish what was asked for, at most DRAIN_SECONDS.

    Args:
        started: called when clients can connect.   tls: what is spoken on all sockets, None for none.   traffic: counts.
    """
    give_back_large_pieces()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(Shortage(failed))
    open_connections = Connections(application, failed, timeouts, fitting(limits, raised()), traffic)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    servers: list[asyncio.AbstractServer | TlsListener] = []
    if tls is not None:
        servers.extend(listeners(listening, open_connections, tls))
    else:
        servers.extend([await loop.create_server(open_connections.made, sock=one) for one in listening])
    watching = [asyncio.ensure_future(one) for one in (open_connections.watch(), give_back_each_minute())]
    _notify("READY=1")
    started()
    await stop.wait()
    _notify("STOPPING=1")
    for server in servers:
        server.close()
    await open_connections.drain(DRAIN_SECONDS)
    for task in watching:
        task.cancel()


def _notify(state: str) -> None:
    """Tell systemd, if it wants to know."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if path.startswith(("/", "@")):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.sendto(state.encode(), path.replace("@", "\0", 1))
