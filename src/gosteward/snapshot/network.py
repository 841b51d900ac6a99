"""What the network answered: one check per GOPROXY entry, checksum database and proxy server."""

from typing import NamedTuple, Optional

from gosteward.snapshot.places import Location


class NetworkCheck(NamedTuple):
    """One server asked as `go` would ask it.

    Attributes:
        kind: "goproxy", "sumdb", "http-proxy".   url: with passwords masked.   host, port.
        ok: it answered as such a server answers.
        step: the step that failed: "parse", "resolve", "connect", "tls", "http", "content", "" when ok.
        reason: "unresolvable", "refused", "unreachable", "timeout", "unknown-authority", "expired", "not-yet-valid", "wrong-host",
            "not-tls", "status", "login-page", "missing-directory", "unsupported-sumdb", "stale-latest", "".
        detail: one line for people (certificate issuer, HTTP status, errno text).   issuer: of the certificate that was refused.
        status: HTTP status, 0 without one.   seconds: it took.
        contexts: names of the contexts whose settings name it.   setting: where it is set.   required: a module of an
            examined workspace is not in the cache, so it will be asked.   fallback: entries of the same list come behind it.
        clock_difference: server's Date minus our clock in seconds, 0 without a Date.
    """

    kind: str
    url: str
    host: str = ""
    port: int = 0
    ok: bool = True
    step: str = ""
    reason: str = ""
    detail: str = ""
    issuer: str = ""
    status: int = 0
    seconds: float = 0.0
    contexts: tuple[str, ...] = ()
    setting: Optional[Location] = None
    required: bool = False
    fallback: bool = False
    clock_difference: float = 0.0
