"""What the pages look like that show what a store holds."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from gosteward.finding import Text
from gosteward.golang import gomod, semver
from gosteward.serve.page_layout import link_home, modules_path, page, plain, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.serve.page_layout import Shown
    from gosteward.serve.store_view import Shelf

PER_PAGE = 500


def browsing(shelf: Shelf, number: int, shown: Shown) -> str:
    """A page of what the store holds below an element of module paths.  number: of the page, from 1."""
    say = shown.say
    versions = sorted(shelf.versions, key=lambda one: _rank(one[0]), reverse=True)
    rows = [_version(shelf.path, version, kinds) for version, kinds in versions]
    lines = [_line(shown, _joined(shelf.path, name), name) for name in shelf.below]
    first, last = (number - 1) * PER_PAGE, number * PER_PAGE
    # One after the other, so that a page never has more than PER_PAGE of both.
    shown_rows = rows[first:last]
    shown_lines = lines[max(0, first - len(rows)) : max(0, last - len(rows))]
    table = f'<div class="wide"><table class="tight">{"".join(shown_rows)}</table></div>'
    parts = [
        f"<h1>{_crumbs(shelf.path, shown)}</h1>",
        f"<h2>{say.words('Versions')}</h2>{table}" if shown_rows else "",
        f"<h2>{say.words('Below it')}</h2><ul>{''.join(shown_lines)}</ul>" if shown_lines else "",
        "" if rows or lines else f'<p class="soft">{say.words("Nothing is stored yet.")}</p>',
        _turning(shelf.path, number, len(rows) + len(lines), shown),
    ]
    title = f"{plain(shelf.path) or say.words('modules')} - gosteward proxy"
    return page(title, link_home(shown), "\n".join(filter(None, parts)), shown, modules_path(shelf.path))


def _crumbs(path: str, shown: Shown) -> str:
    """The way to here; where one is, is no link."""
    elements = path.split("/") if path else []
    steps = [(modules_path(""), text(shown.say.words("modules")))]
    steps += [(modules_path("/".join(elements[:n])), text(plain(one))) for n, one in enumerate(elements, 1)]
    links = [f'<a href="{shown.link(where)}">{name}</a>' for where, name in steps[:-1]]
    return " / ".join((*links, steps[-1][1]))


def _line(shown: Shown, path: str, name: str) -> str:
    return f'<li><a href="{shown.link(modules_path(path))}">{text(plain(name))}/</a></li>'


def _version(path: str, version: str, kinds: Iterable[str]) -> str:
    links = " ".join(f'<a href="/{quote(f"{path}/@v/{version}.{kind}", safe="/!@+~")}">.{kind}</a>' for kind in kinds)
    return f"<tr><td><code>{text(plain(version))}</code><td>{links}</tr>\n"


def _turning(path: str, number: int, count: int, shown: Shown) -> str:
    if count <= PER_PAGE:
        return ""
    say, here = shown.say, modules_path(path)
    pages = -(-count // PER_PAGE)
    before = f'<a href="{shown.link(here, number - 1)}">{say.words("previous")}</a>' if number > 1 else ""
    after = f'<a href="{shown.link(here, number + 1)}">{say.words("next")}</a>' if number < pages else ""
    place = say.text(Text("page {number} of {count}", number=str(number), count=str(pages)))
    return f"<nav>{before} {place} {after}</nav>"


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _rank(escaped: str) -> tuple[bool, object]:
    version = plain(escaped)
    return (True, semver.order(version)) if gomod.is_version(version) else (False, version)
