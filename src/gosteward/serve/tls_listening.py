"""Listening with TLS: a handshake begins only where there is room for one more connection, and has to end soon.

    TlsFiles  --read-->  context, made anew when the files change: what is connected stays, what comes gets the new one
    socket  --accept-->  room?  --first byte of TLS?-->  handshake  -->  Connection

asyncio would begin with the handshake, and count afterwards. Who speaks HTTP without TLS to this port is told so, once, without it.

Source: RFC 8446, section 5.1 (a record's first byte is 22, handshake); RFC 9325 (TLS 1.2 at least, whose ciphers are those of the `ssl` module).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import ssl
import sys
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.host import secret_files
from gosteward.serve.connections import plain
from gosteward.serve.networks import network_of
from gosteward.serve.own_certificate import client_authorities, own_certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gosteward.serve.open_connections import Connections
    from gosteward.serve.own_certificate import ClientAuthorities, OwnCertificate

HANDSHAKE_SECONDS = 10.0
SHUTDOWN_SECONDS = 5.0
MOST_SHAKING = 512
MOST_SHAKING_OF_ONE = 64
MOST_ACCEPTED = 64  # at once, before others have their turn
_HANDSHAKE = b"\x16"
_PAUSE = 1.0
_NO_TLS = plain(400, "this port speaks TLS: ask by https://\n", "connection: close\r\n")
_CLOSING = {"ssl_shutdown_timeout": SHUTDOWN_SECONDS} if sys.version_info >= (3, 11) else {}


class TlsFiles(NamedTuple):
    """What TLS is set up with.

    Attributes:
        certificate: path of a PEM file with the whole chain.   key: path of its key.   authorities: path of the certificates that sign
            those of clients, "" for none, with CRLs in the same file if there are any.   required: whether no client does without one.
    """

    certificate: str
    key: str
    authorities: str = ""
    required: bool = False


def context_of(files: TlsFiles) -> ssl.SSLContext:
    """What handshakes are made with.

    Raises:
        UsageError: a file cannot be read, or does not hold what it should.   PrivilegeError: others may write it, or read the key.
    """
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.options |= ssl.OP_NO_RENEGOTIATION
    made.set_alpn_protocols(["http/1.1"])
    with (
        secret_files.opened(files.certificate, secret=False) as chain,
        secret_files.opened(files.key, secret=True) as key,
    ):
        try:
            # By descriptor, so that what was checked is what is read; a key that wants a password gets a wrong one, not a question.
            made.load_cert_chain(f"/proc/self/fd/{chain}", f"/proc/self/fd/{key}", password=b"")
        except (ssl.SSLError, OSError) as error:
            what = f"this is no certificate with its key ({_reason(error)})"
            raise UsageError(
                what, subject=f"{files.certificate}, {files.key}", hint="PEM, the key without a password"
            ) from error
    if files.authorities:
        _trust(made, files)
    return made


def _trust(made: ssl.SSLContext, files: TlsFiles) -> None:
    with secret_files.opened(files.authorities, secret=False) as descriptor:
        try:
            made.load_verify_locations(f"/proc/self/fd/{descriptor}")
        except (ssl.SSLError, OSError) as error:
            raise UsageError(f"these are no certificates ({_reason(error)})", subject=files.authorities) from error
    held = made.cert_store_stats()
    if not held["x509"]:
        raise UsageError("there is no certificate in it", subject=files.authorities)
    if held["crl"]:
        made.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    made.verify_mode = ssl.CERT_REQUIRED if files.required else ssl.CERT_OPTIONAL


def _beginning(path: str) -> bytes:
    """So much of a file as is looked at for times; OpenSSL takes more."""
    with secret_files.opened(path, secret=False) as descriptor:
        return os.pread(descriptor, secret_files.LIMIT, 0)


def _reason(error: Exception) -> str:
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__


class Tls:
    """TLS as its files have it now. Raises as `context_of`.

    Attributes:
        refused: called with the address of a client, and why its certificate is not accepted; it raises nothing.
        certificate, authorities: what stands in the files, None where no times can be read, and for no file.
    """

    def __init__(self, files: TlsFiles) -> None:
        self.refused: Callable[[str, str], None] = lambda *_: None
        self._files = files
        self._paths = tuple(filter(None, (files.certificate, files.key, files.authorities)))
        self._seen = secret_files.seen(self._paths)
        self.context, self.certificate, self.authorities = self._read()

    def reread(self, *, always: bool = False) -> bool:
        """Read the files again if they have changed; whether that was so. Raises as `context_of`: then what there was stays in force."""
        found = secret_files.seen(self._paths)
        if found == self._seen and not always:
            return False
        self._seen = found
        self.context, self.certificate, self.authorities = self._read()
        return True

    def _read(self) -> tuple[ssl.SSLContext, OwnCertificate | None, ClientAuthorities | None]:
        context, path, signers = context_of(self._files), self._files.certificate, self._files.authorities
        known = client_authorities(signers, _beginning(signers)) if signers else None
        return context, own_certificate(path, _beginning(path)), known


class TlsListener:
    """A socket that listens, for `open_connections`, as soon as `start` was called."""

    def __init__(self, listening: socket.socket, open_connections: Connections, tls: Tls) -> None:
        self._socket, self._connections, self._tls = listening, open_connections, tls
        self._loop = asyncio.get_running_loop()
        self._shaking: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._later: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._socket.setblocking(False)
        self._loop.add_reader(self._socket, self._accept)

    def close(self) -> None:
        """Take no more, and end the handshakes under way."""
        self._loop.remove_reader(self._socket)
        if self._later is not None:
            self._later.cancel()
        self._socket.close()
        for task in self._tasks:
            task.cancel()

    def _accept(self) -> None:
        for _ in range(MOST_ACCEPTED):
            try:
                accepted, peer = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(error)
                return
            client = peer[0] if isinstance(peer, tuple) else ""
            if self._has_room(client):
                network = network_of(client)
                self._shaking[network] = self._shaking.get(network, 0) + 1
                task = self._loop.create_task(self._shake(accepted, client))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            else:
                accepted.close()

    def _pause(self, error: OSError) -> None:
        """Too many files are open, or memory is short: the socket stays ready, and would be asked without end."""
        if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
            return
        self._loop.remove_reader(self._socket)
        self._later = self._loop.call_later(_PAUSE, self.start)

    def _has_room(self, client: str) -> bool:
        of_client = self._shaking.get(network_of(client), 0)
        if len(self._tasks) >= MOST_SHAKING or of_client >= MOST_SHAKING_OF_ONE:
            return False
        return self._connections.has_room_for(client, of_client + 1)

    async def _shake(self, accepted: socket.socket, client: str) -> None:
        accepted.setblocking(False)
        is_taken = False
        try:
            if await asyncio.wait_for(self._speaks_tls(accepted), HANDSHAKE_SECONDS):
                is_taken = True  # from here on asyncio closes it
                await self._loop.connect_accepted_socket(
                    self._connections.made,
                    accepted,
                    ssl=self._tls.context,
                    ssl_handshake_timeout=HANDSHAKE_SECONDS,
                    **_CLOSING,
                )
        except (OSError, asyncio.TimeoutError) as error:  # it does not speak TLS as we do, or is slow, or
            why = _why_not_trusted(error)
            if why:  # asyncio drops the alert that would tell the client
                self._tls.refused(client, why)
        finally:
            if not is_taken:
                accepted.close()
            network = network_of(client)
            left = self._shaking[network] - 1
            if left:
                self._shaking[network] = left
            else:
                del self._shaking[network]

    async def _speaks_tls(self, accepted: socket.socket) -> bool:
        """Whether TLS begins, by the first byte, which is left where it is. Who speaks plainly is answered plainly."""
        readable: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(accepted, _set, readable)
        try:
            await readable
        finally:
            self._loop.remove_reader(accepted)
        first = accepted.recv(1, socket.MSG_PEEK)
        if first and first != _HANDSHAKE:
            accepted.recv(1 << 16)  # else closing resets the connection before the answer is read
            with contextlib.suppress(OSError):
                accepted.send(_NO_TLS)
        return first == _HANDSHAKE


def _why_not_trusted(error: Exception) -> str:
    """What is wrong with a client's certificate, in the words of OpenSSL; "" where something else went wrong."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return "it has none" if getattr(error, "reason", "") == "PEER_DID_NOT_RETURN_A_CERTIFICATE" else ""


def _set(readable: asyncio.Future[None]) -> None:
    if not readable.done():
        readable.set_result(None)


def listeners(listening: Sequence[socket.socket], open_connections: Connections, tls: Tls) -> list[TlsListener]:
    """Listeners on sockets, started."""
    made = [TlsListener(one, open_connections, tls) for one in listening]
    for one in made:
        one.start()
    return made
