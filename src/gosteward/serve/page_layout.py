"""What all pages for people have in common: their frame, their language, and text of all kinds of origin, escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from gosteward.finding import Text
from gosteward.golang import cached_names
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from gosteward.catalogs import Catalog

STYLE = """
:root { color-scheme: light dark; --text: #1c1e21; --back: #fff; --soft: #5c6167; --line: #d9dce0; --tile: #f6f7f9; --link: #1a5f9e; --bad: #b3261e; --good: #1b6e3c; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e7e9; --back: #15171a; --soft: #a3a8ae; --line: #34383d; --tile: #1f2226; --link: #8ecbff; --bad: #ff9a90; --good: #7fd8a0; }
}
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 64rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
header { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
a { color: var(--link); text-underline-offset: .15em; } .soft { color: var(--soft); margin: .2rem 0 1rem; }
p { overflow-wrap: anywhere; } .bad { color: var(--bad); } .good { color: var(--good); } code { font-size: .95em; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .75rem; margin: 1rem 0; }
dl div { border: 1px solid var(--line); border-radius: .5rem; padding: .7rem .9rem; background: var(--tile); }
dt { font-size: .9rem; color: var(--soft); } dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
dd.figure { font-size: 1.6rem; line-height: 1.3; } dd.note { font-size: .9rem; color: var(--soft); }
dl.small { grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .4rem .75rem; }
dl.small div { border: 0; background: none; padding: 0 0 0 .1rem; } dl.small dd.figure { font-size: 1.1rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; } table.tight { width: auto; } table.tight td:first-child { min-width: 16rem; }
th, td { text-align: left; padding: .4rem 1.2rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-size: .9rem; color: var(--soft); font-weight: 400; white-space: nowrap; }
td.text { overflow-wrap: anywhere; min-width: 14rem; } td.most { width: 100%; } td.some { min-width: 10rem; } td.time, td.mark { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.name { overflow-wrap: anywhere; min-width: 15rem; }
ul { list-style: none; padding: 0; columns: 18rem; } li { overflow-wrap: anywhere; padding: .1rem 0; break-inside: avoid; } nav { margin: 1rem 0; }
@media (max-width: 40rem) {
  table.facts, .facts tbody, .facts tr, .facts td { display: block; } .facts th { display: none; }
  .facts tr { border-bottom: 1px solid var(--line); padding: .6rem 0; } .facts td { border: 0; padding: 0; width: auto; min-width: 0; }
  td[data-name]::before { content: attr(data-name) ": "; color: var(--soft); font-size: .9rem; } table.tight td:first-child { min-width: 0; }
  dl { grid-template-columns: repeat(2, 1fr); } dl.small { grid-template-columns: repeat(2, 1fr); } dl:not(.small) dd.figure { font-size: 1.3rem; }
}
"""


class Shown(NamedTuple):
    """How a page is shown.  say: its language.   chosen: it was asked for in the URL, so links ask for it as well."""

    say: Catalog
    chosen: bool = False

    def link(self, path: str, page: int = 1) -> str:
        """A path of ours, with what has to follow it."""
        query = ([f"page={page}"] if page > 1 else []) + ([f"lang={self.say.language}"] if self.chosen else [])
        return f"{path}?{'&amp;'.join(query)}" if query else path


def page(title: str, top: str, content: str, shown: Shown, here: str) -> str:
    """A page.  top: its first line, HTML as the content.   here: its path, for the link to the other language."""
    chinese = shown.say.language == "zh"
    other = ("en", "en", "English") if chinese else ("zh", "zh-CN", "\u4e2d\u6587")
    link = f'<a href="{here}?lang={other[0]}" lang="{other[1]}" hreflang="{other[1]}">{other[2]}</a>'
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if chinese else "en"}">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n<header>{top}<span>{link}</span></header>\n<main>\n{content}\n</main>\n</html>\n"
    )


def link_home(shown: Shown) -> str:
    """The way to the first page."""
    return f'<a href="{shown.link("/-/")}">gosteward proxy</a>'


def modules_path(path: str) -> str:
    """The page of an element of module paths."""
    return f"/-/modules/{quote(path, safe='/!~')}/" if path else "/-/modules/"


def text(words: str) -> str:
    """Text of any origin."""
    return escape(visible(words))


def plain(escaped: str) -> str:
    """A module path or version as people write it, by the one of the protocol."""
    return cached_names.unescaped(escaped)


def ago(say: Catalog, now: float, at: float) -> str:
    """How long ago something was, 0 for never."""
    return say.text(Text("{span} ago", span=span(say, now - at))) if at else say.words("never")


def span(say: Catalog, seconds: float) -> str:
    """A time in its largest unit that is there twice."""
    whole = max(0, int(seconds))
    if whole >= 2 * 86_400:
        return say.text(Text("{count} d", count=str(whole // 86_400)))
    if whole >= 2 * 3_600:
        return say.text(Text("{count} h", count=str(whole // 3_600)))
    if whole >= 2 * 60:
        return say.text(Text("{count} min", count=str(whole // 60)))
    return say.text(Text("{count} s", count=str(whole)))
