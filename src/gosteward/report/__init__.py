"""Reports: one `Report` per examination, rendered into every format by a pure function each.

A format is a module of this folder with `render(report, words) -> str`; `words` is the catalog of the language to write in. There is
never a second way from findings to a format, so all of them say the same.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import FINDINGS, HEALTHY, NOT_JUDGED
from gosteward.finding import SEVERITIES

if TYPE_CHECKING:
    from gosteward.catalogs import Catalog
    from gosteward.finding import Judged, Judgement, NotJudged
    from gosteward.outcome import Outcome
    from gosteward.snapshot import Snapshot

FORMATS = ("text", "json", "sarif", "junit", "github", "gitlab", "html", "prometheus")


class Report(NamedTuple):
    """What an examination ended with.

    Attributes:
        snapshot: the facts that were judged.   judgement: findings in reading order, and rules that could not be judged.
        fail_on: severity from which on a finding makes the exit code 1: "error", "warning", "note".
        seconds: (name, seconds) of each step, in order; the last one is ("total", ...).
        outcome: of a repair, None where none was asked for.   version: of gosteward.   colour: the text goes to a terminal that shows colours.
    """

    snapshot: Snapshot
    judgement: Judgement
    fail_on: str = "error"
    seconds: tuple[tuple[str, float], ...] = ()
    version: str = ""
    colour: bool = False
    outcome: Outcome | None = None

    @property
    def roots(self) -> tuple[Judged, ...]:
        """Findings that nothing else explains, in reading order."""
        return tuple(j for j in self.judgement.findings if not j.explained_by)

    @property
    def missed(self) -> tuple[NotJudged, ...]:
        """Rules that could not be judged although nobody asked to leave their facts out."""
        return tuple(n for n in self.judgement.not_judged if not n.asked)

    @property
    def exit_code(self) -> int:
        """1 for findings at or above `fail_on`, else 3 where something could not be judged, else 0."""
        limit = SEVERITIES.index(self.fail_on)
        if any(SEVERITIES.index(j.severity) <= limit for j in self.judgement.findings):
            return FINDINGS
        return NOT_JUDGED if self.missed else HEALTHY

    def count(self, severity: str) -> int:
        """How many findings have this severity."""
        return sum(j.severity == severity for j in self.judgement.findings)


def render(report: Report, format_name: str, words: Catalog) -> str:
    """The report in one of FORMATS, ending with a line feed, without passwords that lines of files may hold."""
    from gosteward.report import secrets  # here, as commands without a report lay out their words with this room, too

    module = importlib.import_module(f"{__name__}.{format_name}")
    text: str = module.render(report._replace(judgement=secrets.without(report.judgement)), words)
    return text
