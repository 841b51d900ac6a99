"""What a proxy says when it has no file to give: honestly, as the go command acts by the status. Pure.

404 and 410 make go try the next proxy of its list, or the version control system itself; everything else stops it. So they are said only where
somebody who must know said so. Source: go.dev/ref/mod#goproxy-protocol; cmd/go/internal/modfetch/proxy.go (`proxyList`, `TryProxies`).
"""

from __future__ import annotations

from typing import NamedTuple

BAD_REQUEST, FORBIDDEN, NOT_FOUND, GONE = 400, 403, 404, 410
INTERNAL, BAD_GATEWAY, UNAVAILABLE, TIMED_OUT, NO_SPACE = 500, 502, 503, 504, 507
_MOST = 2_000  # characters of somebody else's text


class Refusal(NamedTuple):
    """No file.

    Attributes:
        status: of HTTP.   reason: text for the user of go.   retry_after: seconds, 0 for none.
        undecided: there may be nothing wrong with the file; nobody could say what it has to be.
    """

    status: int
    reason: str
    retry_after: int = 0
    undecided: bool = False

    @property
    def is_absence(self) -> bool:
        """Whether it says that there is no such thing, so that others may be asked."""
        return self.status in (NOT_FOUND, GONE)


def of_upstream(status: int, body: bytes, upstream: str, advice: str = "") -> Refusal:
    """What an upstream's answer other than 200 comes to.

    Args:
        upstream: its name, for people.   advice: what to do about it if it wants to know who asks, "" for nothing.
    """
    said = shown(body)
    if status in (NOT_FOUND, GONE):
        return Refusal(status, said or "not found")
    if status in (401, FORBIDDEN):
        words = ": ".join(filter(None, (f"{upstream} refuses it ({status})", advice or said)))
        return Refusal(FORBIDDEN, f"{words}\nit says: {said}" if advice and said else words)
    if status in (429, UNAVAILABLE):
        return Refusal(UNAVAILABLE, f"{upstream} is too busy ({status}): {said}", retry_after=30)
    if status == TIMED_OUT:
        return Refusal(TIMED_OUT, f"{upstream} had no answer in time ({status}): {said}")
    return Refusal(BAD_GATEWAY, f"{upstream} answered {status}: {said}")


def shown(body: bytes) -> str:
    """Somebody else's text, without what a terminal would obey."""
    text = body[: 4 * _MOST].decode("utf-8", "replace").strip()[:_MOST]
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def failed(error: BaseException) -> Refusal:
    """What a fault of our own comes to."""
    return Refusal(INTERNAL, f"the proxy failed ({type(error).__name__})")
