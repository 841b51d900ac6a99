# ruff: noqa: N999 - the word that is typed
"""Take what `export` wrote into the store: all of it is proved first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.cli.proxy_actions import caring
from gosteward.errors import UsageError
from gosteward.finding import Text
from gosteward.report.layout import shown_size

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from gosteward.modules.care.carried_reports import CameReports
    from gosteward.modules.care.importing import Imported
    from gosteward.sumdb.keys import Key

_KEY = re.compile(r"[^+]+\+[0-9a-fA-F]{8}\+")  # what no path of a file looks like
HELP = "take an export into the store, all of it proved first, without a network"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="what `export` wrote")
    parser.add_argument(
        "--key", metavar="KEY|FILE", action="append", default=[],
        help="NAME+HASH+KEY that must have signed it, or a file with such lines; may be repeated (default: keys of earlier imports)",
    )  # fmt: skip
    parser.add_argument(
        "--unsigned",
        action="store_true",
        help="take it also if it is not signed by such a key, with its vulnerability database",
    )
    parser.add_argument(
        "--out-of-order",
        action="store_true",
        help="take it also if it came before, is older than one that came, or builds on one that did not; also an older vulnerability database",
    )
    caring.add_proving(parser)
    caring.add_format(parser)


def run(options: Namespace) -> int:
    from gosteward.modules.care.importing import import_file
    from gosteward.modules.care.taken_exports import Trust

    if options.key and options.unsigned:
        raise UsageError("--key and --unsigned exclude each other")
    words = flags.catalog(options.lang)
    options.offline = True
    trust = Trust(_keys(options.key), options.unsigned, options.out_of_order)
    found = import_file(caring.cared_of(options, anew=True), options.file, caring.Bar(words).show, trust)
    caring.show(options, lambda: _json(found), lambda: [words.text(text) for text in _texts(found)])
    return found.exit_code


def _json(found: Imported) -> dict[str, object]:
    document = {"schema": "gosteward.import/1", "taken_at": found.manifest.taken_at, **found._asdict()}
    del document["manifest"]
    key = found.signed_by
    del document["reports"]
    came = found.reports
    document["vulnerabilities"] = came and {"as_of": came.as_of, "reports": came.number, "outcome": came.outcome}
    return {**document, "signed_by": key.shown if key else "", "missing": [one._asdict() for one in found.missing]}


def _texts(found: Imported) -> Iterator[Text]:
    yield Text(
        "{files} files of {versions} module versions, {size}; {proved} versions are proved by the checksum database",
        size=shown_size(found.size),
        files=str(found.files),
        versions=str(found.versions),
        proved=str(found.proved),
    )
    if found.signed_by is not None:
        yield Text("signed by {key}", key=found.signed_by.shown)
    for one in found.missing:
        yield Text(
            "it builds on the export of {time} (manifest {digest}), which was not taken here",
            time=one.taken_at,
            digest=one.sha256[:16],
        )
    if found.reports is not None:
        yield _of_reports(found.reports)


def _of_reports(came: CameReports) -> Text:
    from gosteward.modules.care.carried_reports import TAKEN, UNSIGNED

    values = {"time": came.as_of, "count": str(came.number)}
    if came.outcome == TAKEN:
        return Text("the vulnerability database is as of {time}, reports: {count}", **values)
    if came.outcome == UNSIGNED:
        return Text(
            "the vulnerability database as of {time} was not taken: nothing proves it, as no key was asked for; `--key` or `--unsigned` takes it",
            **values,
        )
    return Text(
        "the vulnerability database as of {time} was not taken: there is a newer one; `--out-of-order` takes it",
        **values,
    )


def _keys(given: list[str]) -> tuple[Key, ...]:
    """Keys, each as it is or by the file that has them. Raises UsageError."""
    from gosteward.sumdb import keys

    _refuse_secret(given)
    lines = [one for one in given if _KEY.match(one)]
    for path in (one for one in given if not _KEY.match(one)):
        found = [line.strip() for line in caring.read_text(path).splitlines()]
        wanted = [line for line in found if line and not line.startswith("#")]
        if not wanted:
            raise UsageError("there is no key in it", subject=path)
        lines += wanted
    _refuse_secret(lines)
    return tuple(keys.parse(line) for line in lines)


def _refuse_secret(lines: list[str]) -> None:
    """Raise UsageError for a key that signs, before it gets into a message."""
    if any(line.startswith("PRIVATE+KEY+") for line in lines):
        raise UsageError(
            "this key signs, and stays secret", hint="give what `gosteward proxy signing-key` prints of it"
        )
