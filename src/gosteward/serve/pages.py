"""Pages besides modules: whole answers, which nobody keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.serve.connections import head

if TYPE_CHECKING:
    from gosteward.serve.connections import Asked

_FIELDS = "cache-control: no-store\r\nx-content-type-options: nosniff\r\n"
TEXT = "text/plain; charset=utf-8"
# What a page may load: nothing, from nowhere; its own style is in it.
HTML_FIELDS = (
    "content-security-policy: default-src 'none'; style-src 'unsafe-inline'\r\nreferrer-policy: no-referrer\r\n"
)


class Body(NamedTuple):
    """What a page says.  fields: further header lines, each ended by CR LF."""

    kind: str
    text: str
    status: int = 200
    fields: str = ""


def answer(asked: Asked, body: Body) -> bytes:
    """The whole answer; without its body for HEAD."""
    content = body.text.encode("utf-8", "replace")
    top = head(body.status, f"content-type: {body.kind}\r\n{_FIELDS}{body.fields}", len(content))
    return top if asked.method == b"HEAD" else top + content
