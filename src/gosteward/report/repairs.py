"""What `--fix` did, or would do, for a person. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.finding import Text
from gosteward.report.layout import visible, wrapped

if TYPE_CHECKING:
    from gosteward.catalogs import Catalog
    from gosteward.outcome import Outcome, StepOutcome


def lines(outcome: Outcome, words: Catalog) -> list[str]:
    """A paragraph per step, and how to take the whole back; [] if there was nothing to do."""
    found = [line for step in outcome.steps for line in (*_step(step, words), "")]
    if any(step.status == "done" for step in outcome.steps):
        text = Text("`gosteward undo {run}` takes this back.", run=str(outcome.run))
        found += [words.text(text), ""]
    if outcome.dry_run and not outcome.steps:
        found += [words.words("There is nothing that --fix would change."), ""]
    return found


def _step(step: StepOutcome, words: Catalog) -> list[str]:
    headings = {
        "planned": words.words("would repair"),
        "done": words.words("repaired"),
        "left": words.words("not repaired"),
        "rolled-back": words.words("taken back"),
    }
    head = f"{headings[step.status]}: {', '.join(step.rules)}"
    if step.reason:
        head += f": {visible(words.text(step.reason))}"
    elif step.status == "planned" and step.risk == "confirm":
        head += f" ({words.words('asks first')})"
    return [*wrapped(head, "", "  "), *(f"  {visible(line)}" for line in step.diff)]
