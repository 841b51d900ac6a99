"""The report for a person at a terminal: one clear cause first, then what follows from it, then what repairs it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Text
from gosteward.judgement import repairable
from gosteward.report import repairs
from gosteward.report.layout import visible, wrapped

if TYPE_CHECKING:
    from gosteward.catalogs import Catalog
    from gosteward.finding import Judged
    from gosteward.report import Report
    from gosteward.snapshot import Location

COLOURS = {"error": "1;31", "warning": "1;33", "note": "36"}
LOCATIONS_SHOWN, CONTEXTS_SHOWN, RULES_SHOWN = 4, 8, 5


def render(report: Report, words: Catalog) -> str:
    """All findings with their consequences, then what could not be judged, then one line that sums up."""
    lines = [title(report, words), ""]
    if report.outcome is not None:
        lines += repairs.lines(report.outcome, words)
    by_fingerprint = {j.finding.fingerprint: j for j in report.judgement.findings}
    for judged in report.roots:
        if judged.severity == "note":
            continue
        lines += [*_finding(judged, report, words), *_consequences(judged, by_fingerprint, words), ""]
    notes = [j for j in report.roots if j.severity == "note"]
    if notes:
        lines += [line for judged in notes for line in _note(judged, words)] + [""]
    lines += _not_judged(report, words)
    lines += _offer(report, words)
    lines.append(summary(report, words))
    return "\n".join(lines) + "\n"


def title(report: Report, words: Catalog) -> str:
    """Which host was examined, and for whom."""
    machine = report.snapshot.machine
    place = report.snapshot.root if report.snapshot.kind == "rooted" else machine.hostname
    system = f"{machine.distribution} {machine.distribution_version}".strip() or "linux"
    text = Text(
        "gosteward {version}: {host} ({system}, {goarch}), user {user}",
        version=report.version,
        host=place or "?",
        system=system,
        goarch=machine.userland_goarch,
        user=report.snapshot.user.name or str(report.snapshot.user.uid),
    )
    return visible(words.text(text))


def _finding(judged: Judged, report: Report, words: Catalog) -> list[str]:
    found = judged.finding
    lines = [*_head(judged, report, words), *wrapped(visible(words.text(found.message)), "  ", "  ")]
    lines += [f"  {location_text(place)}" for place in found.locations[:LOCATIONS_SHOWN]]
    if found.contexts:
        lines += wrapped(_contexts(found.contexts, words), "  ", "    ")
    if found.advice:
        lines += wrapped(visible(words.text(found.advice)), "  ", "  ")
    if found.commands:
        lines.append(f"  {repair_word(found.risk, words)}:")
        lines += [f"    {visible(command)}" for command in found.commands]
    return lines


def _head(judged: Judged, report: Report, words: Catalog) -> list[str]:
    severity = severity_word(judged.severity, words)
    if report.colour:
        severity = f"\x1b[{COLOURS[judged.severity]}m{severity}\x1b[0m"
    return [f"{severity}: {judged.finding.rule.id}: {words.words(judged.finding.rule.title)}"]


def severity_word(severity: str, words: Catalog) -> str:
    """A severity in the reader's language."""
    known = {"error": words.words("error"), "warning": words.words("warning"), "note": words.words("note")}
    return known[severity]


def repair_word(risk: str, words: Catalog) -> str:
    """How a repair with this risk is announced."""
    if risk == "safe":
        return words.words("repair")
    return words.words("repair, after a look") if risk == "confirm" else words.words("by hand")


def location_text(place: Location) -> str:
    """`path:line: text`, as grep prints it."""
    where = f"{place.path}:{place.line}" if place.line else place.path
    return f"{visible(where)}: {visible(place.text.strip())}" if place.text.strip() else visible(where)


def _contexts(contexts: tuple[str, ...], words: Catalog) -> str:
    shown = ", ".join(visible(name) for name in contexts[:CONTEXTS_SHOWN])
    more = len(contexts) - CONTEXTS_SHOWN
    if more > 0:
        return words.text(Text("in: {contexts} and {count} more", contexts=shown, count=str(more)))
    return words.text(Text("in: {contexts}", contexts=shown))


def _consequences(judged: Judged, known: dict[str, Judged], words: Catalog) -> list[str]:
    lines = []
    for fingerprint in judged.explains:
        found = known[fingerprint].finding
        text = words.text(
            Text("this causes {rule}: {message}", rule=found.rule.id, message=visible(words.text(found.message)))
        )
        lines += wrapped(text, "  - ", "    ")
        lines += _consequences(known[fingerprint], known, words)
    return lines


def _note(judged: Judged, words: Catalog) -> list[str]:
    found = judged.finding
    place = next((f" ({p.path}:{p.line})" if p.line else "" for p in found.locations), "")
    text = f"{severity_word(judged.severity, words)}: {found.rule.id}: {visible(words.text(found.message))}{visible(place)}"
    return wrapped(text, "", "  ")


def _not_judged(report: Report, words: Catalog) -> list[str]:
    gaps: dict[tuple[str, str], list[str]] = {}
    for entry in report.judgement.not_judged:
        if not entry.asked:
            gaps.setdefault((entry.field, entry.reason), []).append(entry.rule)
    lines = []
    for (field, reason), rules in gaps.items():
        shown = ", ".join(rules[:RULES_SHOWN]) + (" ..." if len(rules) > RULES_SHOWN else "")
        text = words.text(Text("not judged: {field}: {reason} ({rules})", field=field, reason=reason, rules=shown))
        lines += wrapped(visible(text), "", "  ")
    return [*lines, ""] if lines else []


def _offer(report: Report, words: Catalog) -> list[str]:
    """Which of the findings `--fix` would repair; nothing where it was asked for, or cannot be."""
    if report.outcome is not None or report.snapshot.kind != "local":
        return []
    found = [j.finding for j in report.roots if repairable(j)]
    safe = ", ".join(dict.fromkeys(f.rule.id for f in found if f.risk == "safe"))
    asked = ", ".join(dict.fromkeys(f.rule.id for f in found if f.risk != "safe"))
    if safe and asked:
        text = Text(
            "`gosteward doctor --fix` repairs {rules}, and asks before it repairs {asked}.", rules=safe, asked=asked
        )
    elif asked:
        text = Text("`gosteward doctor --fix` repairs {asked}; it asks first.", asked=asked)
    else:
        text = Text("`gosteward doctor --fix` repairs {rules}.", rules=safe)
    return [*wrapped(words.text(text), "", "  "), ""] if found else []


def summary(report: Report, words: Catalog) -> str:
    """Counts in one line."""
    counts = {name: report.count(name) for name in ("error", "warning", "note")}
    seconds = dict(report.seconds).get("total", 0.0)
    if not counts["error"] and not counts["warning"]:
        text = Text(
            "Nothing found that keeps Go from working. notes: {notes}; {seconds} s.",
            notes=str(counts["note"]),
            seconds=f"{seconds:.2f}",
        )
    else:
        text = Text(
            "errors: {errors}, warnings: {warnings}, notes: {notes}; {seconds} s. `gosteward explain {rule}` tells more.",
            errors=str(counts["error"]),
            warnings=str(counts["warning"]),
            notes=str(counts["note"]),
            seconds=f"{seconds:.2f}",
            rule=report.roots[0].finding.rule.id,
        )
    return words.text(text)
