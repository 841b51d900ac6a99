"""Pages besides modules: whole answers, which nobody keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.serve.connections import head

if TYPE_CHECKING:
    from gosteward.serve.connections import Asked

_FIELDS = "cache-control: no-store\r\nx-content-type-options: nosniff\r\n"
TEXT = "text/plain; charset=utf-8"
ROOT, FAVICON = "/", "/favicon.ico"  # what browsers ask for by themselves
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


ABSENT = Body(TEXT, "not found: there is no such page\n", 404)


def answer(asked: Asked, body: Body) -> bytes:
    """The whole answer; without its body for HEAD."""
    content = body.text.encode("utf-8", "replace")
    top = head(body.status, f"content-type: {body.kind}\r\n{_FIELDS}{body.fields}", len(content))
    return top if asked.method == b"HEAD" else top + content


def redirect(asked: Asked, to: str) -> bytes:
    """The way to another page.  to: its path."""
    return answer(asked, Body(TEXT, f"see {to}\n", 303, f"location: {to}\r\n"))


def absent(asked: Asked) -> bytes:
    """There is no such page."""
    return answer(asked, ABSENT)
