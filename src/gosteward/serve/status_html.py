"""What the status pages look like: text of all kinds of origin, escaped."""

from __future__ import annotations

import time
from html import escape
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from gosteward.golang import cached_names, gomod, semver
from gosteward.modules.tally import RESULTS
from gosteward.report.layout import shown_size, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gosteward.modules.tally import Health, Trouble
    from gosteward.serve.store_view import Shelf

PER_PAGE = 500
STYLE = """
:root { color-scheme: light dark; --bad: #b3261e; --good: #1b6e3c; --link: #1f5f8b; --line: #8884; --soft: #8881; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; --good: #7fd8a0; --link: #8ecbff; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .5rem; }
a { color: var(--link); } .soft { color: GrayText; margin: .2rem 0; } .bad { color: var(--bad); } .good { color: var(--good); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .6rem; margin: 1rem 0; }
dl div { border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .8rem; background: var(--soft); }
dt { font-size: .85rem; color: GrayText; } dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-size: .85rem; color: GrayText; font-weight: 400; } td.text { overflow-wrap: anywhere; min-width: 14rem; }
td.time, td.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
ul { padding-left: 1.2rem; } li, td code { overflow-wrap: anywhere; } nav { margin: 1rem 0; }
@media (max-width: 40rem) {
  th { display: none; } tr { display: block; border-bottom: 1px solid var(--line); padding: .5rem 0; } td { display: block; border: 0; padding: 0; }
  td[data-name]::before { content: attr(data-name) ": "; color: GrayText; font-size: .85rem; }
}
"""


class State(NamedTuple):
    """What the first page shows. Times are seconds since the epoch, sizes bytes; `size`: files and bytes, None before they were counted."""

    version: str
    now: float
    began: float
    held: int
    stored: int
    missed: int
    refused: int
    unverified: int
    under_way: int
    connections: int
    sent: int
    memory: int
    store: str
    size: tuple[int, int] | None
    free: int
    health: Sequence[tuple[str, Health]]
    troubles: Sequence[Trouble]


def status(state: State) -> str:
    """The first page."""
    hits = state.held + state.stored
    files = hits + state.missed
    size = f"{shown_size(state.size[1])} in {state.size[0]:,} files" if state.size is not None else "being measured"
    figures = (
        ("Hit rate", f"{100 * hits / files:.1f} %" if files else "-", ""),
        ("From memory", f"{state.held:,}", ""),
        ("From the store", f"{state.stored:,}", ""),
        ("Not there yet", f"{state.missed:,}", ""),
        ("Refused by policy", f"{state.refused:,}", ""),
        ("Not proved", f"{state.unverified:,}", "bad" if state.unverified else ""),
        ("Sent", shown_size(state.sent), ""),
        ("Store", size, ""),
        ("Left on its disk", shown_size(state.free), ""),
        ("Transfers now", f"{state.under_way:,}", ""),
        ("Connections", f"{state.connections:,}", ""),
        ("Memory", shown_size(state.memory), ""),
    )
    cells = "".join(
        f'<div><dt>{name}</dt><dd class="{mark}">{_text(value)}</dd></div>\n' for name, value, mark in figures
    )
    parts = (
        "<h1>gosteward proxy</h1>",
        f'<p class="soft">Version {_text(state.version)}, up for {_span(state.now - state.began)}; these are counts since then.</p>',
        f"<dl>\n{cells}</dl>",
        f'<p>Store: <code>{_text(state.store)}</code>. <a href="/-/modules/">Look at the modules in it</a></p>',
        f"<h2>Upstreams</h2>{_upstreams(state)}",
        f"<h2>What went wrong lately</h2>{_troubles(state.troubles)}",
    )
    return _page("gosteward proxy", "\n".join(parts))


def _upstreams(state: State) -> str:
    if not state.health:
        return '<p class="soft">None was asked so far.</p>'
    head = "<tr><th>Upstream<th>Now<th>Last answer<th>Mean time<th>Answers<th>Last error</tr>"
    rows = "".join(_upstream(name, health, state.now) for name, health in state.health)
    return f'<div class="wide"><table>{head}{rows}</table></div>'


def _upstream(name: str, health: Health, now: float) -> str:
    well = health.succeeded >= health.failed
    mark = '<span class="good">answers</span>' if well else '<span class="bad">does not</span>'
    counts = ", ".join(f"{count:,} {result}" for result, count in zip(RESULTS, health.results) if count)
    asked = sum(health.spread)
    mean = f"{1_000 * health.seconds / asked:.0f} ms" if asked else "-"
    error = f"{_ago(now, health.failed)}: {_text(health.error)}" if health.failed else "-"
    return (
        f'<tr><td><code>{_text(name)}</code><td>{mark}<td class="time" data-name="Last answer">{_ago(now, health.succeeded)}<td class="number" data-name="Mean time">{mean}'
        f'<td data-name="Answers">{counts}<td class="text" data-name="Last error">{error}</tr>\n'
    )


def _troubles(troubles: Sequence[Trouble]) -> str:
    if not troubles:
        return '<p class="good">Nothing.</p>'
    rows = "".join(
        f'<tr><td class="time">{_moment(one.at)}<td>{_text(one.kind)}<td class="text">{_text(one.text)}</tr>\n'
        for one in troubles
    )
    return f'<div class="wide"><table><tr><th>Time (UTC)<th>Where<th>What</tr>\n{rows}</table></div>'


def browsing(shelf: Shelf, page: int) -> str:
    """A page of what the store holds below an element of module paths."""
    elements = shelf.path.split("/") if shelf.path else []
    crumbs = ['<a href="/-/modules/">modules</a>']
    for number, element in enumerate(elements, 1):
        crumbs.append(f'<a href="{_link("/".join(elements[:number]))}">{_named(element)}</a>')
    versions = sorted(shelf.versions, key=lambda one: _rank(one[0]), reverse=True)
    lines = [f'<li><a href="{_link(_joined(shelf.path, name))}">{_named(name)}/</a></li>' for name in shelf.below]
    rows = [_version(shelf.path, version, kinds) for version, kinds in versions]
    first, last = (page - 1) * PER_PAGE, page * PER_PAGE
    # One after the other, so that a page never has more than PER_PAGE of both.
    shown_rows = rows[first:last]
    shown_lines = lines[max(0, first - len(rows)) : max(0, last - len(rows))]
    parts = [
        '<p class="soft"><a href="/-/">gosteward proxy</a></p>',
        f"<h1>{' / '.join(crumbs)}</h1>",
        f'<h2>Versions</h2><div class="wide"><table>{"".join(shown_rows)}</table></div>' if shown_rows else "",
        f"<h2>Below it</h2><ul>{''.join(shown_lines)}</ul>" if shown_lines else "",
        "" if rows or lines else '<p class="soft">Nothing is stored yet.</p>',
        _turning(shelf.path, page, len(rows) + len(lines)),
    ]
    return _page(f"{_plain(shelf.path) or 'modules'} - gosteward proxy", "\n".join(filter(None, parts)))


def _version(path: str, version: str, kinds: Iterable[str]) -> str:
    links = " ".join(f'<a href="/{quote(f"{path}/@v/{version}.{kind}", safe="/!@+~")}">.{kind}</a>' for kind in kinds)
    return f"<tr><td><code>{_named(version)}</code><td>{links}</tr>\n"


def _turning(path: str, page: int, count: int) -> str:
    if count <= PER_PAGE:
        return ""
    pages = -(-count // PER_PAGE)
    before = f'<a href="{_link(path)}?page={page - 1}">previous</a>' if page > 1 else ""
    after = f'<a href="{_link(path)}?page={page + 1}">next</a>' if page < pages else ""
    return f"<nav>{before} page {page} of {pages} {after}</nav>"


def _page(title: str, content: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>{STYLE}</style>\n<main>\n{content}\n</main>\n</html>\n"
    )


def _link(path: str) -> str:
    return f"/-/modules/{quote(path, safe='/!~')}/" if path else "/-/modules/"


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _named(escaped: str) -> str:
    return _text(_plain(escaped))


def _plain(escaped: str) -> str:
    return cached_names.unescaped(escaped)


def _rank(escaped: str) -> tuple[bool, object]:
    version = _plain(escaped)
    return (True, semver.order(version)) if gomod.is_version(version) else (False, version)


def _text(text: str) -> str:
    return escape(visible(text))


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))


def _ago(now: float, at: float) -> str:
    return f"{_span(now - at)} ago" if at else "never"


def _span(seconds: float) -> str:
    whole = max(0, int(seconds))
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if whole >= 2 * size:
            return f"{whole // size} {name}"
    return f"{whole} s"
