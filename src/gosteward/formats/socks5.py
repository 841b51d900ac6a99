"""SOCKS5: the messages by which a client asks a proxy for a way to a server. Pure.

The client greets with the ways in which it can log in, the proxy chooses one; the client names the server, the proxy answers and becomes
a pipe. As Go's net/http speaks it: names are left to the proxy to resolve, and a password is offered only where the URL has one.

Source: RFC 1928 (SOCKS5), RFC 1929 (name and password); net/http/socks_bundle.go.
"""

from __future__ import annotations

VERSION, CONNECT = 5, 1
NO_LOGIN, NAME_AND_PASSWORD, NONE_OF_THEM = 0, 2, 0xFF
IPV4, NAME, IPV6 = 1, 3, 4
LOGIN_VERSION = 1
# Of codes that speak of the server behind the proxy: the reason, as in `NetworkCheck`.
OF_SERVER = {3: "unreachable", 4: "unreachable", 5: "refused", 6: "timeout"}
REPLIES = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "time to live expired",
    7: "it cannot connect",
    8: "it does not know this kind of address",
}


class RefusedError(Exception):
    """The proxy opens no way.

    Attributes:
        reason: as in `NetworkCheck`: "credentials", "refused", "unreachable", "timeout", or "".   detail: one line for people.
        of_server: it is the server behind the proxy that cannot be reached.
    """

    def __init__(self, reason: str, detail: str, *, of_server: bool = False) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.of_server = of_server


def greeting(*, login: bool) -> bytes:
    """The first message.  login: there are a name and a password."""
    return bytes((VERSION, 2, NO_LOGIN, NAME_AND_PASSWORD) if login else (VERSION, 1, NO_LOGIN))


def wants_login(answer: bytes, *, login: bool) -> bool:
    """Whether the two bytes that answer a greeting ask for name and password.

    Raises:
        RefusedError: the other side speaks another protocol, or wants a login that we do not have.
    """
    _expect_version(answer[0])
    if answer[1] == NO_LOGIN:
        return False
    if answer[1] == NAME_AND_PASSWORD and login:
        return True
    raise RefusedError("credentials", "the SOCKS proxy asks for a login" + (" of another kind" if login else ""))


def login_message(name: bytes, password: bytes) -> bytes:
    """Name and password.

    Raises:
        RefusedError: one of them is too long for the protocol, or there is no name: then Go sends none either.
    """
    if not name or len(name) > 255 or len(password) > 255:
        raise RefusedError("credentials", "the name or password for the SOCKS proxy is empty or too long")
    return bytes((LOGIN_VERSION, len(name))) + name + bytes((len(password),)) + password


def check_login(answer: bytes) -> None:
    """Two bytes: was the login accepted?

    Raises:
        RefusedError: no.
    """
    if answer[0] != LOGIN_VERSION or answer[1] != 0:
        raise RefusedError("credentials", "the SOCKS proxy refuses the name and password")


def request(host: str, port: int) -> bytes:
    """Ask for a way to a server.  host: a name, or an address without brackets.

    Raises:
        RefusedError: the name is too long for the protocol.
    """
    kind, address = _address(host)
    if len(address) > 255:
        raise RefusedError("", "the name of the server is too long for a SOCKS proxy", of_server=True)
    length = bytes((len(address),)) if kind == NAME else b""
    return bytes((VERSION, CONNECT, 0, kind)) + length + address + port.to_bytes(2, "big")


def bytes_behind(head: bytes) -> int:
    """How many bytes follow the first five of the answer to a request; there is at least one of them in `head`.

    Raises:
        RefusedError: the proxy opens no way to that server.
    """
    _expect_version(head[0])
    if head[1]:
        detail = f"the SOCKS proxy answers: {REPLIES.get(head[1], f'code {head[1]}')}"
        raise RefusedError(OF_SERVER.get(head[1], ""), detail, of_server=head[1] in OF_SERVER)
    lengths = {IPV4: 3, IPV6: 15, NAME: head[4]}
    if head[3] not in lengths:
        raise RefusedError("", "the SOCKS proxy answers with an address of no known kind")
    return lengths[head[3]] + 2


def _expect_version(first: int) -> None:
    if first != VERSION:
        raise RefusedError("", "the answer is not that of a SOCKS5 proxy")


def _address(host: str) -> tuple[int, bytes]:
    if ":" in host or host.replace(".", "").isdecimal():
        import ipaddress

        try:
            packed = ipaddress.ip_address(host).packed
        except ValueError:
            return NAME, host.encode("utf-8", "surrogateescape")
        return (IPV4 if len(packed) == 4 else IPV6), packed
    return NAME, host.encode("utf-8", "surrogateescape")
