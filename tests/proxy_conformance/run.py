"""Go's own script tests of the go command, through a module proxy: every script that passes without it has to pass with it.

    run.py --command 'PROGRAM {upstream} {listen} {sumdb_key}'  a proxy that is started here
    run.py --under-test URL                                     one that runs, with http://127.0.0.1:19000/mod as its only upstream

In the words of --command these are filled in: {upstream} URL of Go's test proxy; {listen} HOST:PORT to listen on;
{sumdb_key} verifier key of the test proxy's checksum database, {sumdb_url} where that is; {directory} an empty directory.

Exit status: 0 all that pass without pass with; 1 some do not, by name; 2 the tests could not be run.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

sys.path[:0] = [str(Path(__file__).parents[1])]
from proxy_conformance.cmdgo import (  # noqa: E402
    Goroot,
    HarnessError,
    binary_of,
    database_of,
    free_address,
    goroot_at,
    results_of,
    serving,
    upstream_at,
)
from proxy_conformance.router import Router, routing  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SELECTION = Path(__file__).with_name("scripts.txt")
UPSTREAM = "127.0.0.1:19000"


class Outcome(NamedTuple):
    """Results by script without and with the proxy under test, and how many requests reached it."""

    without: dict[str, str]
    through: dict[str, str]
    requests: int

    @property
    def worse(self) -> tuple[str, ...]:
        """Scripts that pass without, but not with it."""
        return tuple(name for name, result in self.without.items() if result == "PASS" != self.through[name])


def selected(goroot: Goroot, only: Sequence[str], every: int = 1) -> tuple[str, ...]:
    """The scripts to run: those asked for, else those of our selection that this Go has; of these one in so many.

    Raises:
        HarnessError: there are none, or one that was asked for does not exist.
    """
    absent = [name for name in only if name not in goroot.scripts]
    if absent:
        raise HarnessError(f"{goroot.version} has no script {', '.join(absent)}")
    lines = (line.partition("#")[0].strip() for line in SELECTION.read_text().splitlines())
    found = tuple(only) or tuple(name for name in lines if name in goroot.scripts)[::every]
    if not found:
        raise HarnessError(f"{goroot.version} has none of the scripts in {SELECTION}")
    return found


@contextmanager
def under_test(options: argparse.Namespace, goroot: Goroot, upstream: str, log: IO[bytes]) -> Iterator[str]:
    """URL of the proxy under test; it is started where a command says how."""
    if not options.command:
        yield options.under_test
        return
    address, database = free_address(), database_of(goroot.proxy_test)
    with tempfile.TemporaryDirectory(prefix="under-test-") as directory:
        filled = {"upstream": upstream, "listen": address, "sumdb_key": database.key, "sumdb_url": f"{upstream}/sumdb/{database.name}", "directory": directory}  # fmt: skip
        words = [_filled(word, filled) for word in shlex.split(options.command)]
        with serving(words, address, os.environ, Path(directory), log):
            yield f"http://{address}{options.prefix}"


def _filled(word: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(f"{{{name}}}", value)
    return word


def outcome_of(options: argparse.Namespace, logs: Path) -> Outcome:
    """Run the scripts twice: with nothing but Go's test proxy, then through the proxy under test.

    Raises:
        HarnessError: they cannot be run, none passes without a proxy, or nothing was asked of it.
    """
    goroot = goroot_at(options.goroot)
    scripts, binary = selected(goroot, options.only, options.every), binary_of(goroot, options.cache)
    address = free_address() if options.command else UPSTREAM
    with ExitStack() as stack:
        plain, through_log = (stack.enter_context((logs / f"{name}.log").open("wb")) for name in ("without", "through"))
        servers = stack.enter_context((logs / "servers.log").open("wb", buffering=0))
        without = results_of(goroot, binary, scripts, "", plain, options.parallel)
        if "PASS" not in without.values():
            raise HarnessError(f"no script passes even without a proxy; see {plain.name}")
        upstream = stack.enter_context(upstream_at(address, goroot, binary, servers))
        url = stack.enter_context(under_test(options, goroot, upstream, servers))
        router = stack.enter_context(routing(Router(upstream, url, database=options.sumdb)))
        through = results_of(goroot, binary, scripts, router.url, through_log, options.parallel)
    if not router.asked:
        raise HarnessError(f"nothing was asked of the proxy under test; see {logs}")
    return Outcome(without, through, len(router.asked))


def counted(results: dict[str, str]) -> str:
    """One line: how many of which result."""
    values = list(results.values())
    return ", ".join(f"{values.count(result)} {result}" for result in ("PASS", "FAIL", "SKIP"))


def report(outcome: Outcome, logs: Path) -> None:
    """The table, the counts, and the names that matter."""
    width = max(map(len, outcome.without))
    print(f"{'script':{width}}  without  through")
    for name, result in outcome.without.items():
        print(f"{name:{width}}  {result:7}  {outcome.through[name]}{'  <--' if name in outcome.worse else ''}")
    print(f"\nwithout: {counted(outcome.without)}\nthrough: {counted(outcome.through)}; {outcome.requests} requests; logs: {logs}")  # fmt: skip
    if outcome.worse:
        print(f"pass without, but not through the proxy under test: {' '.join(outcome.worse)}")


def options_from(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tested = parser.add_mutually_exclusive_group(required=True)
    tested.add_argument("--under-test", metavar="URL", help="GOPROXY URL of a proxy that runs")
    tested.add_argument("--command", help="starts the proxy under test; see above")
    parser.add_argument("--prefix", default="", help="path below which the started proxy serves, such as /proxy")
    parser.add_argument("--sumdb", action="store_true", help="ask the proxy under test for the checksum database, too")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="scripts, instead of the selection")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="one in so many scripts of the selection")
    parser.add_argument("--goroot", type=Path, default=Path("/usr/local/go"), help="default: %(default)s")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gosteward-conformance"
    parser.add_argument("--cache", type=Path, default=cache, help="for the test binary and logs; default: %(default)s")
    parser.add_argument("--parallel", type=int, default=(os.cpu_count() or 1) + 1, help="scripts at a time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there, too")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """Run, report, and the exit status."""
    options = options_from(words)
    logs = options.cache / "logs"
    try:
        logs.mkdir(parents=True, exist_ok=True)
        outcome = outcome_of(options, logs)
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    report(outcome, logs)
    if options.json:
        options.json.write_text(json.dumps(outcome._asdict(), indent=1) + "\n")
    return 1 if outcome.worse else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
