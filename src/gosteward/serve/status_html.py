"""What the first page for people looks like: hits, upstreams, the store, what went wrong lately."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Text
from gosteward.modules.tally import RESULTS
from gosteward.report.layout import shown_size
from gosteward.serve.page_layout import ago, page, span, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gosteward.catalogs import Catalog
    from gosteward.modules.tally import Health, Reports, Trouble
    from gosteward.serve.page_layout import Shown


class State(NamedTuple):
    """What the first page shows.

    Times are seconds since the epoch, sizes bytes.  size: files and bytes, None before they were counted.
    metadata, shared: whether what is shared with other proxies answers, None where nothing is.
    reports: the copy of a vulnerability database, None where there is to be none.
    concerns: what is wrong with the proxy's certificate, or will soon be.
    """

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
    metadata: bool | None = None
    shared: bool | None = None
    reports: Reports | None = None
    concerns: Sequence[Text] = ()


class Figure(NamedTuple):
    """A number with its name.  note: below it.   mark: "good", "bad" or ""."""

    name: str
    value: str
    note: str = ""
    mark: str = ""


def status(state: State, shown: Shown) -> str:
    """The first page."""
    say = shown.say
    up = say.text(
        Text(
            "Version {version}, up for {span}; counts are since then.",
            version=state.version,
            span=span(say, state.now - state.began),
        )
    )
    parts = (
        f'<p class="soft">{text(up)}</p>',
        *(f'<p class="bad">{text(say.text(one))}</p>' for one in state.concerns),
        f"<dl>\n{_tiles(_main_figures(say, state))}</dl>",
        f'<dl class="small">\n{_tiles(_other_figures(say, state))}</dl>',
        f"<h2>{say.words('Store')}</h2>",
        f'<p><code>{text(state.store)}</code><br><a href="{shown.link("/-/modules/")}">{say.words("Look at the modules in it")}</a></p>',
        f"<h2>{say.words('Upstreams')}</h2>{_upstreams(say, state)}",
        f"<h2>{say.words('What went wrong lately')}</h2>{_troubles(say, state.troubles)}",
    )
    return page("gosteward proxy", "<h1>gosteward proxy</h1>", "\n".join(parts), shown, "/-/")


def _main_figures(say: Catalog, state: State) -> Iterable[Figure]:
    hits = state.held + state.stored
    files = hits + state.missed
    of_all = say.text(Text("{hits} of {files} files", hits=f"{hits:,}", files=f"{files:,}"))
    yield Figure(say.words("Hit rate"), f"{100 * hits / files:.1f} %" if files else "-", of_all)
    free = say.text(Text("{free} left on its disk", free=shown_size(state.free)))
    if state.size is None:
        yield Figure(say.words("Stored"), "-", say.words("being measured"))
    else:
        count = say.text(Text("{files} files; {rest}", files=f"{state.size[0]:,}", rest=free))
        yield Figure(say.words("Stored"), shown_size(state.size[1]), count)
    yield Figure(say.words("Refused by policy"), f"{state.refused:,}", say.words("requests"))
    wrong = say.words("files that were not what they should be")
    yield Figure(say.words("Not proved"), f"{state.unverified:,}", wrong, "bad" if state.unverified else "")


def _other_figures(say: Catalog, state: State) -> Iterable[Figure]:
    yield Figure(say.words("From memory"), f"{state.held:,}")
    yield Figure(say.words("From the store"), f"{state.stored:,}")
    yield Figure(say.words("Not there yet"), f"{state.missed:,}")
    yield Figure(say.words("Sent"), shown_size(state.sent))
    yield Figure(say.words("Transfers now"), f"{state.under_way:,}")
    yield Figure(say.words("Connections"), f"{state.connections:,}")
    yield Figure(say.words("Memory"), shown_size(state.memory))
    if state.reports is not None and state.reports.number:
        count = say.text(Text("{count} reports", count=f"{state.reports.number:,}"))
        changed = say.text(Text("changed {span}", span=ago(say, state.now, state.reports.changed)))
        yield Figure(say.words("Vulnerabilities"), count, changed)
    for name, answers in ((say.words("Shared metadata"), state.metadata), (say.words("Shared store"), state.shared)):
        if answers is not None:
            yield Figure(name, _answers(say, well=answers), mark="good" if answers else "bad")


def _tiles(figures: Iterable[Figure]) -> str:
    return "".join(map(_tile, figures))


def _tile(figure: Figure) -> str:
    note = f'<dd class="note">{text(figure.note)}</dd>' if figure.note else ""
    value = f'<dd class="figure {figure.mark}">{text(figure.value)}</dd>'
    return f"<div><dt>{text(figure.name)}</dt>{value}{note}</div>\n"


def _answers(say: Catalog, *, well: bool) -> str:
    return say.words("answers") if well else say.words("does not answer")


def _upstreams(say: Catalog, state: State) -> str:
    if not state.health:
        return f'<p class="soft">{say.words("None was asked so far.")}</p>'
    names = [say.words("Upstream"), say.words("Now"), say.words("Last answer"), say.words("Mean time")]
    names += [say.words("Answers"), say.words("Last error")]
    head = f"<tr>{''.join(f'<th>{text(name)}' for name in names)}</tr>"
    rows = "".join(_upstream(say, names, one, health, state.now) for one, health in state.health)
    return f'<div class="wide"><table class="facts">{head}\n{rows}</table></div>'


def _upstream(say: Catalog, names: Sequence[str], name: str, health: Health, now: float) -> str:
    well = health.succeeded >= health.failed
    results = _results(say)
    counts = ", ".join(f"{count:,} {results[result]}" for result, count in zip(RESULTS, health.results) if count)
    asked = sum(health.spread)
    mean = f"{1_000 * health.seconds / asked:.0f} ms" if asked else "-"
    error = f"{ago(say, now, health.failed)}: {health.error}" if health.failed else "-"
    state = say.words("answers") if well else say.words("fails")
    return (
        f'<tr><td class="name"><code>{text(name)}</code><td class="mark"><span class="{"good" if well else "bad"}">{text(state)}</span>'
        f'<td class="time" data-name="{text(names[2])}">{text(ago(say, now, health.succeeded))}<td class="time" data-name="{text(names[3])}">{mean}'
        f'<td class="some" data-name="{text(names[4])}">{text(counts)}<td class="text" data-name="{text(names[5])}">{text(error)}</tr>\n'
    )


def _results(say: Catalog) -> dict[str, str]:
    """What RESULTS are called."""
    return {
        "ok": say.words("ok"), "absent": say.words("absent"), "refused": say.words("refused"), "busy": say.words("busy"),
        "late": say.words("late"), "failed": say.words("failed"), "broken": say.words("broken off"),
    }  # fmt: skip


def _troubles(say: Catalog, troubles: Sequence[Trouble]) -> str:
    if not troubles:
        return f'<p class="good">{say.words("Nothing.")}</p>'
    kinds = {
        "upstream": say.words("upstream"), "verification": say.words("verification"), "store": say.words("store"),
        "metadata": say.words("metadata"), "shared": say.words("shared store"), "server": say.words("server"),
    }  # fmt: skip
    rows = "".join(
        f'<tr><td class="time">{_moment(one.at)}<td class="mark">{text(kinds.get(one.kind, one.kind))}<td class="text most">{text(one.text)}</tr>\n'
        for one in troubles
    )
    head = f"<tr><th>{say.words('Time (UTC)')}<th>{say.words('Where')}<th>{say.words('What')}</tr>"
    return f'<div class="wide"><table class="facts">{head}\n{rows}</table></div>'


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))
