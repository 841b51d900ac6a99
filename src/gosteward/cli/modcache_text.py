"""What `verify --modcache` says: the worst first, then what to remove; or all of it as JSON. Progress goes to a terminal, after a second."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.cli.check_text import file_kind
from gosteward.errors import UsageError
from gosteward.finding import Text
from gosteward.report.layout import visible
from gosteward.toolchains.module_cache.judging import PRIVATE
from gosteward.toolchains.verifying.checks import FAILED, NOTE, OK, UNJUDGED

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator

    from gosteward.catalogs import Catalog
    from gosteward.toolchains.module_cache.judging import Fault, Judged
    from gosteward.toolchains.module_cache.verification import VerifiedCache

MOST_SHOWN = 20
MOST_FILES_SHOWN = 10
PROGRESS_SECONDS = 0.2


def verified(options: Namespace) -> int:
    """Verify a module cache, and say what was found. Returns the exit code."""
    from gosteward.host.local import LocalHost
    from gosteward.toolchains.module_cache.verification import Wanted, verify

    for flag in ("goroot", "root", "files_only", "rebuild"):
        if getattr(options, flag, False):
            raise UsageError("--modcache goes with none of GOROOT, --root, --files-only and --rebuild")
    words, bar = flags.catalog(options.lang), _Bar()
    wanted = Wanted(
        options.modcache, options.offline, progress=lambda stage, done, count: bar.show(stage, done, count, words)
    )
    found = verify(wanted, LocalHost(os.environ))
    bar.clear()
    flags.write(as_json(found) if options.format == "json" else as_text(found, words), "")
    return found.exit_code


class _Bar:
    def __init__(self) -> None:
        self.begun = self.shown = time.monotonic()
        self.visible = False

    def show(self, stage: str, done: int, count: int, words: Catalog) -> None:
        now = time.monotonic()
        if now - self.begun < 1 or now - self.shown < PROGRESS_SECONDS or not sys.stderr.isatty():
            return
        self.shown, self.visible = now, True
        of = {"done": str(done), "count": str(count)}
        asked, read = Text("asking the log: {done} of {count}", **of), Text("reading: {done} of {count}", **of)
        print(f"\r\033[K{words.text(asked if stage == 'log' else read)}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self.visible:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def as_json(found: VerifiedCache) -> str:
    """The document of the schema "gosteward.verify-modcache/1"."""
    document = {
        "schema": "gosteward.verify-modcache/1",
        "cache": visible(found.path),
        "database": found.database,
        "counts": {status: len(found.of(status)) for status in (FAILED, UNJUDGED, PRIVATE, OK)},
        "complete": not found.cut,
        "versions": [_row(one) for one in found.versions],
        "others": [
            {"path": visible(odd.path), "what": odd.what, "status": status}
            for status in (FAILED, UNJUDGED, NOTE)
            for odd in found.odd_of(status)
        ],
    }
    return json.dumps(document, indent=1) + "\n"


def _row(one: Judged) -> dict[str, object]:
    return {
        "module": visible(one.module),
        "version": visible(one.version),
        "status": one.status,
        "h1": one.h1,
        "record": one.record,
        "reason": visible(str(one.reason)),
        "faults": [
            {
                "path": visible(fault.path),
                "text": visible(str(fault.text)),
                "found": visible(fault.found),
                "wanted": visible(fault.wanted),
                "files": [{"name": visible(file.name), "what": file.what} for file in fault.files],
                "count": fault.total,
            }
            for fault in one.faults
        ],
    }


def as_text(found: VerifiedCache, words: Catalog) -> str:
    """The verdict, then what is wrong, then what to do."""
    lines = [words.text(_verdict(found)), ""]
    lines += _failed(found, words)
    lines += _listed(words.words("not judged"), _unjudged(found, words), words)
    private = [f"{one.module} {one.version}" for one in found.of(PRIVATE)]
    lines += _listed(words.words("private: only compared with themselves, no log was asked"), private, words)
    notes = [f"{_kind(odd.what, words)}: {odd.path}" for odd in found.odd_of(NOTE)]
    lines += _listed(words.words("note: go does not use these"), notes, words)
    if found.of(OK):
        lines.append(words.text(Text("ok: {count} are what the log names", count=str(len(found.of(OK))))))
    lines += _remedy(found, words)
    return "".join(f"{visible(line)}\n" for line in lines)


def _verdict(found: VerifiedCache) -> Text:
    failed, count = len(found.of(FAILED)), len(found.versions)
    values = {"count": str(count), "cache": found.path, "failed": str(failed)}
    if failed:
        return Text("{failed} of {count} module versions in {cache} are not what the public log names", **values)
    if found.odd_of(FAILED):
        return Text("{cache} has links or other things that go never makes, and would follow", **values)
    if not count:
        return Text("{cache} holds no modules", **values)
    if found.exit_code:
        return Text(
            "it is not known of all {count} module versions in {cache} whether the public log names them", **values
        )
    if found.of(PRIVATE):
        return Text("all public ones of {count} module versions in {cache} are what the public log names", **values)
    return Text("all {count} module versions in {cache} are what the public log names", **values)


def _failed(found: VerifiedCache, words: Catalog) -> Iterator[str]:
    failed = found.of(FAILED)
    for one in failed[:MOST_SHOWN]:
        yield f"{words.words('failed')}: {one.module} {one.version}"
        if one.reason:
            yield f"    {words.text(one.reason)}"
        for fault in one.faults:
            yield from _fault(fault, words)
    yield from _more(len(failed), words)
    links = [f"{_kind(odd.what, words)}: {odd.path}" for odd in found.odd_of(FAILED)]
    yield from _listed(words.words("failed"), links, words)


def _fault(fault: Fault, words: Catalog) -> Iterator[str]:
    yield f"    {words.text(fault.text)}: {fault.path}"
    if fault.found:
        yield "      " + words.text(Text("found {found}, and not {wanted}", found=fault.found, wanted=fault.wanted))
    for file in fault.files[:MOST_FILES_SHOWN]:
        yield f"      {file_kind(file.what, words)}: {file.name}"
    if fault.total > MOST_FILES_SHOWN:
        yield "      " + words.text(Text("and {count} more", count=str(fault.total - MOST_FILES_SHOWN)))


def _unjudged(found: VerifiedCache, words: Catalog) -> Iterator[str]:
    for one in found.of(UNJUDGED):
        yield f"{one.module} {one.version}: {words.text(one.reason)}"
    for odd in found.odd_of(UNJUDGED):
        yield f"{_kind(odd.what, words)}: {odd.path}"
    if found.cut:
        yield words.words("there is more than can be looked through")


def _listed(title: str, lines: Iterable[str], words: Catalog) -> Iterator[str]:
    found = tuple(lines)
    if found:
        yield f"{title}: {len(found)}"
        yield from (f"    {line}" for line in found[:MOST_SHOWN])
        yield from _more(len(found), words)


def _more(count: int, words: Catalog) -> Iterator[str]:
    if count > MOST_SHOWN:
        yield "    " + words.text(Text("and {count} more", count=str(count - MOST_SHOWN)))


def _remedy(found: VerifiedCache, words: Catalog) -> Iterator[str]:
    paths = [fault.path for one in found.of(FAILED) for fault in one.faults]
    paths += [odd.path for odd in found.odd_of(FAILED)]
    if not paths:
        return
    yield from ("", words.words("What to do:"))
    yield "  " + words.words(
        "find out who wrote these, then remove just them (after `chmod -R u+w`), and go fetches them again; `go clean -modcache` removes the whole cache"
    )
    yield from (f"    {path}" for path in paths[:MOST_SHOWN])
    yield from _more(len(paths), words)


def _kind(what: str, words: Catalog) -> str:
    known = {
        "unfinished": words.words("a download that goes on, or was cut"),
        "stray": words.words("no file of the module cache"),
    }
    return known.get(what) or file_kind(what, words)
