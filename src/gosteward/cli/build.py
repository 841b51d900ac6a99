"""Build a release of Go from its proved sources, compare it bit by bit with the official one, and install it."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.errors import HEALTHY, StewardError
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog
    from gosteward.toolchains.build import Result

HELP = "build a release of Go from its proved sources"
PROGRESS_SECONDS = 0.5


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "version",
        metavar="VERSION|FILE",
        help="1.26.8, 1.26, latest, go.mod, or an archive, such as go1.26.8.src.tar.gz",
    )
    parser.add_argument(
        "--bootstrap",
        metavar="auto|DIR",
        default="auto",
        help="GOROOT of the Go that builds it (default: auto: the newest one here that can, else one that is fetched)",
    )
    parser.add_argument(
        "--patch", metavar="FILE", action="append", default=[], help="apply this patch (diff -u, -p1); may be repeated"
    )
    parser.add_argument("--suffix", metavar="WORD", default="", help="of a patched version: go1.26.8-WORD")
    parser.add_argument("--use", action="store_true", help="switch to it, even if another one is in use")
    flags.add_root(parser)
    parser.add_argument(
        "--from",
        metavar="URL|DIR|FILE",
        dest="source",
        default="",
        help="where sources come from (default: GOPROXY, go.dev)",
    )
    flags.add_offline(parser)
    flags.add_placing(parser)
    parser.add_argument(
        "--allow-unverified", metavar="REASON", default="", help="build and install it although something is not proved"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to say it (default: text)")
    flags.add_language(parser)


def run(options: Namespace) -> int:
    from gosteward.toolchains.build import Builder, Order
    from gosteward.toolchains.obtaining.acquiring import keeping_of

    flags.settle(options)
    changing = flags.changing("build")
    links, usual_place = flags.link_places(options, changing.user.home)
    order = Order(
        spec=options.version,
        root=flags.root_of(options),
        source=options.source,
        offline=options.offline,
        bootstrap=options.bootstrap,
        patches=tuple(options.patch),
        suffix=options.suffix,
        links=links,
        usual_place=usual_place,
        use=options.use,
        adopt=options.adopt,
        reason=options.allow_unverified,
    )
    words = flags.catalog(options.lang)
    progress = Progress(words)
    try:
        keeping = keeping_of(changing.host, changing.user.home)
        result = Builder(changing, keeping, progress.say, progress.fetched).build(order)
    except StewardError as error:
        progress.end()
        for line in getattr(error, "lines", ()):
            print(f"    {visible(line)}", file=sys.stderr)
        raise
    finally:
        progress.end()
    flags.write(_json(result) if options.format == "json" else _text(result, words), "")
    return HEALTHY


class Progress:
    """What is going on, and for how long already: one line on a terminal that is written over; else one line for each new thing."""

    def __init__(self, words: Catalog) -> None:
        self.words = words
        self.begun = self.shown = time.monotonic()
        self.said = ""
        self.terminal = sys.stderr.isatty()

    def say(self, what: Text) -> None:
        """Called often, also with what was said before."""
        now, text = time.monotonic(), visible(self.words.text(what))
        if text == self.said and (not self.terminal or now - self.shown < PROGRESS_SECONDS):
            return
        self.said, self.shown = text, now
        minutes, seconds = divmod(int(now - self.begun), 60)
        start, end = ("\r\033[K", "") if self.terminal else ("", "\n")
        print(f"{start}[{minutes:d}:{seconds:02d}] {text}", end=end, file=sys.stderr, flush=True)

    def fetched(self, done: int, size: int) -> None:
        """Bytes that are there, and all of them; -1 if that is not known."""
        if self.terminal and (done == size or time.monotonic() - self.shown >= PROGRESS_SECONDS):
            self.say(
                Text(
                    "fetches: {done} of {size} MB",
                    done=f"{done / 1e6:.1f}",
                    size=f"{size / 1e6:.1f}" if size > 0 else "?",
                )
            )

    def end(self) -> None:
        """The terminal is somebody else's again."""
        if self.terminal and self.said:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            self.said = ""


def _json(result: Result) -> str:
    found = result.evidence
    document = {
        "schema": "gosteward.build/1",
        "version": result.version,
        "goroot": result.tree,
        "run": result.run,
        "source": result.source,
        "built_by": list(result.builders),
        "identical_files": result.files,
        "proofs": [{"kind": p.kind, "value": p.value, "by": p.by} for p in found.proofs],
        "seconds": round(result.seconds, 1),
        "log": result.log,
        "in_use": result.in_use,
        "notes": [str(note) for note in result.notes],
    }
    return json.dumps(document, indent=1) + "\n"


def _text(result: Result, words: Catalog) -> str:
    version, tree = result.version, result.tree
    minutes, seconds = divmod(int(result.seconds), 60)
    built = Text("built {version}: {tree}", version=version, tree=tree)
    how = Text(
        "from the sources of {source}, by {builders}, in {time}",
        source=result.source,
        builders=", ".join(result.builders),
        time=f"{minutes}:{seconds:02d}",
    )
    lines = [words.text(built), "  " + words.text(how)]
    for proof in result.evidence.proofs:
        if proof.kind == "log":
            same = Text(
                "all {count} files are those of the official release, bit by bit ({by})",
                count=str(result.files),
                by=proof.by,
            )
            lines.append("  " + words.text(same))
        elif proof.kind == "patch":
            lines.append(
                "  " + words.text(Text("patched: {name}, SHA-256 {sha256}", name=proof.by, sha256=proof.value))
            )
    if not result.files:
        lines.append("  " + words.words("not the official release: its bits were compared with nothing"))
    lines.append("  " + words.text(Text("log: {path}", path=result.log)))
    if result.in_use:
        lines.append("  " + words.text(Text("in use: {version}", version=result.in_use)))
    lines += [f"  {words.text(note)}" for note in result.notes]
    lines += ["", words.text(Text("`gosteward undo {run}` takes this back.", run=str(result.run)))]
    return "".join(f"{visible(line)}\n" for line in lines)
