"""What a policy says of known vulnerabilities, judged at once by what a database tells.

Whether the code that is wrong is ever called nobody knows here: a version is refused for having it. `govulncheck` looks closer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from gosteward.golang import advisories, vulnerability_table
from gosteward.golang.goversion import parse as go_version
from gosteward.golang.modulepaths import touches
from gosteward.golang.toolchain_names import TOOLCHAIN_MODULE
from gosteward.modules.answers import FORBIDDEN, UNAVAILABLE, Refusal

if TYPE_CHECKING:
    from gosteward.golang.advisories import Advisory
    from gosteward.golang.vulnerability_table import Concern, Spans, VulnerabilityTable
    from gosteward.modules.policy import ModulePolicy, Vulnerable

MOST_KNOWN = 16_384
MOST_NAMED = 8
_PREFIX = "v0.0.1-"
UNKNOWN = Refusal(UNAVAILABLE, "no vulnerability database is known yet, and the policy refuses all until then", 30)


class Known(Protocol):
    """Who knows vulnerabilities."""

    @property
    def table(self) -> VulnerabilityTable | None:
        """All of them; None while nothing is known."""
        ...


class Told(NamedTuple):
    """Vulnerabilities that do not change."""

    table: VulnerabilityTable | None


class PolicedVulnerabilities:
    """Verdicts about versions, in one event loop.

    Attributes:
        source: None where there is no database.
    """

    def __init__(self, source: Known | None = None) -> None:
        self.source = source
        self._spans: dict[str, Spans] = {}
        self._spelt: tuple[VulnerabilityTable, dict[str, str]] | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is a database to judge by."""
        return self._table() is not None

    def clear(self) -> None:
        """What is known, or the policy, has changed."""
        self._spans.clear()

    def matters(self, policy: ModulePolicy, module: str) -> bool:
        """Whether a version of a module might be refused."""
        wanted = policy.vulnerable
        if wanted is None or not touches(wanted.modules, module):
            return False
        table = self._table()
        if table is None:
            return not wanted.passes_unknown
        return self._reported(table, module) in table.modules or (module == TOOLCHAIN_MODULE and wanted.toolchains)

    def refusal(self, policy: ModulePolicy, module: str, version: str) -> Refusal | None:
        """Why a full version is refused; None if it is not."""
        wanted = policy.vulnerable
        if wanted is None or not touches(wanted.modules, module):
            return None
        table = self._table()
        if table is None:
            return None if wanted.passes_unknown else _said(wanted, f"{module}@{version}", UNKNOWN)
        if module == TOOLCHAIN_MODULE:
            return _of_go(wanted, table.of_go, version) if wanted.toolchains else None
        reported = self._reported(table, module)
        spans = self._spans.get(reported)
        if spans is None:
            spans = self._remember(reported, vulnerability_table.spans_of(_counting(wanted, table, reported)))
        span = spans.at(version)
        if span is None:
            return None
        reports = vulnerability_table.holding(_counting(wanted, table, reported), version)
        end = f"later than {span.end}" if span.with_high else span.end
        return _refused(wanted, f"{module}@{version}", reports[0].named, [one.id for one in reports], end)

    def _reported(self, table: VulnerabilityTable, module: str) -> str:
        """The spelling of a module that there are reports about: forges serve it by others, too."""
        if module in table.modules:
            return module
        if self._spelt is None or self._spelt[0] is not table:
            self._spelt = table, {name.lower(): name for name in table.modules}
        return self._spelt[1].get(module.lower(), module)

    def _table(self) -> VulnerabilityTable | None:
        return self.source.table if self.source is not None else None

    def _remember(self, module: str, spans: Spans) -> Spans:
        if len(self._spans) >= MOST_KNOWN:
            self._spans.clear()
        self._spans[module] = spans
        return spans


def _counting(wanted: Vulnerable, table: VulnerabilityTable, module: str) -> tuple[Concern, ...]:
    """The reports about a module that count."""
    return tuple(
        concern
        for concern in table.modules.get(module, ())
        if (wanted.unreviewed or concern.report.reviewed)
        and concern.report.id not in wanted.excepted
        and wanted.excepted.isdisjoint(concern.report.aliases)
    )


def _of_go(wanted: Vulnerable, reports: tuple[Advisory, ...], version: str) -> Refusal | None:
    """As `refusal`, for a toolchain: "v0.0.1-go1.26.1.linux-amd64"."""
    found = go_version(version[len(_PREFIX) :].rpartition(".")[0])
    if found is None:
        return None
    held = [one for one in reports if one.affects(found) and wanted.excepted.isdisjoint((one.id, *one.aliases))]
    if not held:
        return None
    named = f"{held[0].id} ({held[0].name}), in {held[0].packages[0]}"
    fixes = [one.fixed_after(found) for one in held]
    known = [fix for fix in fixes if fix is not None]
    end = advisories.shown(max(known)) if len(known) == len(fixes) else ""
    return _refused(wanted, f"{TOOLCHAIN_MODULE}@{version}", named, [one.id for one in held], end)


def _refused(wanted: Vulnerable, named: str, first: str, ids: list[str], end: str) -> Refusal:
    more = f", and {', '.join(ids[1:MOST_NAMED])}" if ids[1:] else ""
    many = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    fixed = f"; the next version without a known one is {end}" if end else "; no later version is known to be without"
    reason = f"it has {first}{more}{many}{fixed}"
    return _said(wanted, named, Refusal(FORBIDDEN, reason))


def _said(wanted: Vulnerable, named: str, refusal: Refusal) -> Refusal:
    return refusal._replace(reason=f"{named} is refused by the policy: {refusal.reason} ({wanted.place})")
