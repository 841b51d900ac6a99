"""Answers as they stand in a Redis that several proxies share: believed no more than anything else that somebody may write to. Pure.

One line of JSON, `{"path": ..., "status": 200, "at": seconds since the epoch}`, then the body; as in `kept_answers`. Only what there is stands
there: that there is no such thing is said by upstreams alone, as the go command then turns elsewhere.
"""

from __future__ import annotations

from gosteward.golang.cached_names import stated_version
from gosteward.modules import requests
from gosteward.modules.requests import DatabaseRequest, ModuleRequest
from gosteward.modules.storage.kept_answers import Kept, head_of, parsed
from gosteward.modules.verification import MOST_INFO, names_a_version

LONGEST = 4 << 20  # bytes of a value
AHEAD = 5.0  # seconds by which clocks of two proxies may differ


def written(path: str, answer: Kept) -> bytes:
    """The value for an answer; b"" for one that is not shared."""
    value = head_of(path, answer) + b"\n" + answer.body
    return value if answer.status == 200 and len(value) <= LONGEST else b""


def read(value: bytes, path: str, now: float) -> Kept | None:
    """The answer to a path that a value holds; None where it is not plainly one.

    Args:
        now: seconds since the epoch.
    """
    if len(value) > LONGEST:
        return None
    found = parsed(value, path)
    if found is None or found.status != 200 or found.at > now + AHEAD or not _fits(path, found.body):
        return None
    return found._replace(at=min(found.at, now))


def _fits(path: str, body: bytes) -> bool:
    request = requests.parse(f"/{path}")
    if isinstance(request, DatabaseRequest):
        return True  # whoever asks a database verifies what it says
    if not isinstance(request, ModuleRequest) or request.kind in ("mod", "zip"):
        return False
    if request.kind == "list":
        return b"\0" not in body
    if not request.canonical:
        return names_a_version(body)
    return len(body) <= MOST_INFO and stated_version(body) == request.version
