"""Explain a rule, or find the rules that know an error message."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.finding import Text

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog
    from gosteward.finding import Rule

HELP = "explain a rule or an error message"
SHOWN = 5


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "subject", nargs="*", metavar="RULE|TEXT", help='"GS203", "missing-loader", or an error message'
    )
    parser.add_argument("--list", action="store_true", help="list all rules")
    flags.add_output(parser)
    flags.add_language(parser)


def run(options: Namespace) -> int:
    from gosteward.errors import UsageError
    from gosteward.rules import all_checks

    words = flags.catalog(options.lang)
    rules = tuple(check.rule for check in all_checks())
    subject = " ".join(options.subject)
    if options.list:
        text = "".join(f"{r.id}  {words.words(r.title)}\n" for r in rules)
    elif not subject:
        raise UsageError(
            "nothing to explain", hint='`gosteward explain GS203`, `gosteward explain "error text"`, or --list'
        )
    else:
        rule = next((r for r in rules if subject.lower() in (r.id.lower(), r.slug)), None)
        text = explanation(rule, words) if rule else answer(subject, rules, words)
    flags.write(text, options.output)
    return 0


def explanation(rule: Rule, words: Catalog) -> str:
    """The page of a rule; with its title in the reader's language in front where that is not English."""
    from gosteward.pages import page_of

    page = page_of(rule.id) or f"# {rule.id}: {rule.title}\n"
    if words.language == "en":
        return page
    return f"{rule.id}: {words.words(rule.title)}\n\n{page}"


def answer(message: str, rules: tuple[Rule, ...], words: Catalog) -> str:
    """What a message can mean, the likeliest first."""
    from gosteward.knowledge.messages import MESSAGES
    from gosteward.report.layout import wrapped
    from gosteward.symptoms import matches

    known = [(r.id, s) for r in rules for s in (*r.symptoms, r.title)]
    known += [(m.key, s) for m in MESSAGES for s in m.symptoms]
    found = matches(message, known)[:SHOWN]
    if not found:
        print(words.words("No rule knows this message. `gosteward doctor` judges the host itself."), file=sys.stderr)
        return ""
    by_id = {rule.id: rule for rule in rules}
    meanings = {m.key: m.meaning for m in MESSAGES}
    lines = [
        words.words("This message can have these causes; `gosteward doctor` tells which of them is true here:"),
        "",
    ]
    for match in found:
        if match.key in by_id:
            lines += wrapped(f"{match.key}: {words.words(by_id[match.key].title)}", "", "  ")
        else:
            lines += wrapped(f"{match.key}: {words.text(meanings[match.key])}", "", "  ")
    lines += ["", words.text(Text("`gosteward explain {rule}` tells more.", rule=_first_rule(found, by_id)))]
    return "\n".join(lines) + "\n"


def _first_rule(found: tuple[object, ...], by_id: dict[str, Rule]) -> str:
    keys = [str(getattr(match, "key", "")) for match in found]
    return next((key for key in keys if key in by_id), "GS101")
