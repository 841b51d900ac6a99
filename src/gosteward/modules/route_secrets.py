"""What a route of a policy says of how its upstreams know who asks. Pure.

    [[route]]
    modules = ["git.corp.example"]
    upstream = "https://athens.corp.example"
    netrc = "/etc/gosteward/netrc"                       # one of these three
    header_file = "/etc/gosteward/athens.header"         # lines `Name: value`
    helper = ["/usr/bin/token-tool", "--for", "athens"]  # a command that answers as those of GOAUTH do

Without one of them, what the process has counts: its netrc file. A secret itself never stands in a policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.errors import UsageError
from gosteward.golang.proxyurls import parse
from gosteward.modules.upstreams import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gosteward.modules.upstreams import Upstream

KINDS = ("netrc", "header_file", "helper")
MOST_WORDS = 100
LONGEST_WORD = 4_096


def known_by(found: tuple[Upstream, ...], values: Mapping[str, object], where: str) -> tuple[Upstream, ...]:
    """The upstreams of a route, with what they know us by.

    Args:
        values: of the route.   where: it stands, for errors.
    Raises:
        UsageError: it is not written as above, or would be sent over plain http, or to two servers.
    """
    kinds = [kind for kind in KINDS if kind in values]
    if not kinds:
        return found
    if len(kinds) > 1:
        raise UsageError("a route has one of netrc, header_file and helper", subject=f"{where}: {', '.join(kinds)}")
    (kind,) = kinds
    secret = Secret(kind, _words(kind, values[kind], f"{where}: {kind}"))
    for upstream in found:
        _check(upstream, f"{where}: {kind}")
    if kind == "header_file" and len({parse(upstream.url) for upstream in found}) > 1:
        hint = "write a route for each, or a netrc file or a helper, which know servers by name"
        raise UsageError("a header file is for one server, and the route has several", subject=where, hint=hint)
    return tuple(upstream._replace(secret=secret) for upstream in found)


def _words(kind: str, value: object, where: str) -> tuple[str, ...]:
    words = value if kind == "helper" else [value]
    if not isinstance(words, list) or not 0 < len(words) <= MOST_WORDS or not all(map(_is_word, words)):
        what = (
            'helper is a list such as ["/usr/bin/token-tool", "argument"]' if kind == "helper" else f"{kind} is a path"
        )
        raise UsageError(what, subject=where)
    if not words[0].startswith("/"):
        raise UsageError("the path is not absolute", subject=where)
    return tuple(words)


def _is_word(word: object) -> bool:
    return isinstance(word, str) and 0 < len(word) <= LONGEST_WORD and "\0" not in word


def _check(upstream: Upstream, where: str) -> None:
    url = parse(upstream.url)
    if upstream.scheme != "https" or url is None:
        raise UsageError("no password is sent but over https", subject=f"{where}: {upstream.shown}")
    if url.user:
        raise UsageError("there is a password in the URL, too", subject=f"{where}: {upstream.shown}")
