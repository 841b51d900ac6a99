"""Build a release of Go from its proved sources, compare it bit by bit with the official one, and install it."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from gosteward.cli import installing
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
    installing.add_use(parser)
    installing.add_order(parser, "sources", "build and install it although something is not proved")


def run(options: Namespace) -> int:
    from gosteward.toolchains.build import Builder, Order
    from gosteward.toolchains.obtaining.acquiring import keeping_of

    flags.settle(options)
    changing = flags.changing("build")
    home = changing.user.home
    order = Order(
        installing.order_of(options, options.version, home, use=options.use),
        bootstrap=options.bootstrap,
        patches=tuple(options.patch),
        suffix=options.suffix,
    )
    words = flags.catalog(options.lang)
    progress = Progress(words)
    try:
        keeping, settings = keeping_of(changing.host, home), flags.settings(options)
        result = Builder(changing, keeping, progress.say, progress.fetched, settings).build(order)
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
    return installing.document(
        "gosteward.build/1",
        result,
        built_by=list(result.builders),
        identical_files=result.files,
        seconds=round(result.seconds, 1),
        log=result.log,
    )


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
    return installing.text(lines, result, words)
