"""The report as one web page without scripts and without anything from elsewhere. Pure."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from gosteward.finding import Text
from gosteward.report.layout import visible
from gosteward.report.text import location_text, repair_word, severity_word, summary, title

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gosteward.catalogs import Catalog
    from gosteward.finding import Judged
    from gosteward.report import Report

STYLE = """
:root { color-scheme: light dark; --error: #b3261e; --warning: #8a5a00; --note: #1f5f8b; --line: #8884; --soft: #8881; }
@media (prefers-color-scheme: dark) { :root { --error: #ff8a80; --warning: #ffcf6b; --note: #8ecbff; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 0; }
article { border: 1px solid var(--line); border-left: .4rem solid var(--note); border-radius: .4rem; padding: .8rem 1rem; margin: 1rem 0; }
article.error { border-left-color: var(--error); } article.warning { border-left-color: var(--warning); }
.severity { text-transform: uppercase; font-size: .8rem; font-weight: 700; color: var(--note); }
.error > h2 .severity { color: var(--error); } .warning > h2 .severity { color: var(--warning); }
pre { background: var(--soft); border-radius: .3rem; padding: .6rem .8rem; overflow-x: auto; margin: .5rem 0; }
code { overflow-wrap: anywhere; } .contexts { color: GrayText; } ul { margin: .4rem 0; }
"""


def render(report: Report, words: Catalog) -> str:
    """All findings, causes with their consequences inside; notes come last."""
    known = {j.finding.fingerprint: j for j in report.judgement.findings}
    language = "zh-CN" if words.language == "zh" else words.language
    parts = [
        f'<!doctype html>\n<html lang="{language}">\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_text(title(report, words))}</title>\n<style>{STYLE}</style>",
        f"<h1>{_text(title(report, words))}</h1>\n<p>{_text(summary(report, words))}</p>",
        *(_finding(judged, known, words) for judged in report.roots),
    ]
    if report.missed:
        gaps = dict.fromkeys((n.field, n.reason) for n in report.missed)
        parts.append(f"<h2>{_text(words.words('Not judged'))}</h2>\n<ul>")
        parts += [f"<li>{_text(f'{field}: {reason}')}</li>" for field, reason in gaps]
        parts.append("</ul>")
    return "\n".join(parts) + "\n</html>\n"


def _text(text: str) -> str:
    return escape(visible(text))


def _finding(judged: Judged, known: dict[str, Judged], words: Catalog) -> str:
    found = judged.finding
    lines = [
        f'<article class="{judged.severity}" id="{found.fingerprint}">',
        f'<h2><span class="severity">{_text(severity_word(judged.severity, words))}</span> '
        f"{found.rule.id}: {_text(words.words(found.rule.title))}</h2>",
        f"<p>{_text(words.text(found.message))}</p>",
    ]
    if found.locations:
        lines.append(f"<pre><code>{_lines(location_text(p) for p in found.locations)}</code></pre>")
    if found.contexts:
        contexts = words.text(Text("in: {contexts}", contexts=", ".join(found.contexts)))
        lines.append(f'<p class="contexts">{_text(contexts)}</p>')
    if found.advice:
        lines.append(f"<p>{_text(words.text(found.advice))}</p>")
    if found.commands:
        lines.append(
            f"<p>{_text(repair_word(found.risk, words))}:</p>\n<pre><code>{_lines(found.commands)}</code></pre>"
        )
    lines += [_finding(known[fingerprint], known, words) for fingerprint in judged.explains]
    return "\n".join([*lines, "</article>"])


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(_text(line) for line in lines)
