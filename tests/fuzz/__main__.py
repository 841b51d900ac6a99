"""Feed all readers of hostile text with mutated inputs, guided by the lines that these reach.

PYTHONPATH=tests .venv/bin/python -m fuzz --seconds 60 [--jobs N] [TARGET ...]      (`make fuzz SECONDS=60`)

The time is shared out evenly. Each target runs in a process of its own with a limit on its memory and on the time for a single input.
What it learns stays in .fuzz/corpus/TARGET and is where the next run begins; what makes a reader fail is written to .fuzz/found/TARGET.
At the end each input that was learnt is made longer and longer, and the work of the reader must grow in proportion (see fuzz/work.py).
Exit code 0 when nothing was found, 1 otherwise.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import os
import random
import resource
import sys
import time
import traceback
from typing import TYPE_CHECKING

import atheris

with contextlib.redirect_stderr(io.StringIO()), atheris.instrument_imports(include=["gosteward"]):
    from fuzz.targets import TARGETS

from fuzz.target import TESTS, problem_of, seeds
from fuzz.work import grown, growth_of

if TYPE_CHECKING:
    from pathlib import Path

STATE = TESTS.parent / ".fuzz"
MEMORY = 2 << 30
SECONDS_FOR_ONE_INPUT = 30
# Regular expressions do their work unseen; this much of a text is what a home directory can hold.
LONG_INPUT, SECONDS_FOR_LONG_INPUT = 1 << 16, 30
# Of the time of a target; the rest is for making its inputs longer.
SHARE_FOR_MUTATION = 0.7


def main() -> int:
    """Run the targets; see above."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"all by default: {' '.join(TARGETS)}")
    parser.add_argument("--seconds", type=float, default=60, help="for all targets together (default: 60)")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes at a time")
    options = parser.parse_args()
    names = options.targets or list(TARGETS)
    for name in names:
        if name not in TARGETS:
            parser.error(f"no target is called {name}")
    share = options.seconds * options.jobs / len(names)
    failed = _run_all(names, share, options.jobs)
    print(
        f"{len(names)} targets, {share:.1f} s each: " + (f"failed: {' '.join(failed)}" if failed else "nothing found")
    )
    return 1 if failed else 0


def _run_all(names: list[str], share: float, jobs: int) -> list[str]:
    """Names of the targets that failed."""
    waiting, running, failed = list(names), {}, []
    while waiting or running:
        while waiting and len(running) < jobs:
            name = waiting.pop(0)
            running[_start(name, share)] = name
        number, status = os.wait()
        name = running.pop(number)
        if status:
            failed.append(name)
            sys.stdout.write(_report_of(name))
            sys.stdout.flush()
    return failed


def _start(name: str, share: float) -> int:
    number = os.fork()
    if number:
        return number
    status = 1
    try:
        status = _run(name, share)
    except BaseException:  # whatever it is, it belongs into the report of this target
        _tell(name, traceback.format_exc())
    os._exit(status)


def _run(name: str, share: float) -> int:
    """Mutate in a child of this process, then make what was learnt longer."""
    begun = time.monotonic()
    corpus, found = _directory("corpus", name), _directory("found", name)
    _told(name).write_text("")
    log = os.open(_directory("log", name) / "libfuzzer", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for data in seeds(name, TARGETS[name]):
        (corpus / hashlib.sha1(data).hexdigest()).write_bytes(data)
    fuzzer = os.fork()
    if not fuzzer:
        _mutate(name, corpus, found, max(1, int(share * SHARE_FOR_MUTATION)))
    status = os.waitpid(fuzzer, 0)[1]
    return _grow(name, corpus, found, begun + share) or (1 if status else 0)


def _mutate(name: str, corpus: Path, found: Path, seconds: int) -> None:
    """Hand this process over to libFuzzer. Never returns; the exit status is 0 when nothing was found."""
    target = TARGETS[name]

    def once(data: bytes) -> None:
        try:
            problem = problem_of(target, data)
        except BaseException:
            problem = traceback.format_exc()
        if problem:
            _tell(name, f"{problem}\ninput: {_keep(found, 'crash', data)}")
            os._exit(1)

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        change, chance = target.mutate, random.Random(seed)
        other = change(data, chance) if change is not None and chance.random() < 0.9 else data
        return other if other != data and len(other) <= most else atheris.Mutate(data[:most], most)

    arguments = [
        f"-max_total_time={seconds}",
        f"-timeout={SECONDS_FOR_ONE_INPUT}",
        f"-rss_limit_mb={MEMORY >> 20}",
        f"-max_len={target.longest}",
        f"-artifact_prefix={found}/",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    if target.words:
        words = _directory("words", name) / "words"
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words.split(" ") if word))
        arguments.append(f"-dict={words}")
    mutator = {"custom_mutator": mutated} if target.mutate is not None else {}
    atheris.Setup([sys.argv[0], str(corpus), *arguments], once, **mutator)
    try:
        atheris.Fuzz()
    except SystemExit as ended:
        os._exit(1 if ended.code else 0)
    os._exit(0)


def _grow(name: str, corpus: Path, found: Path, until: float) -> int:
    """1 if the work for some input that was learnt grows faster than the input."""
    failed = 0
    for path in sorted(corpus.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True):
        for data, problem in growth_of(TARGETS[name], path.read_bytes()):
            told = problem or _slow(name, data)
            if told:
                failed = 1
                _tell(name, f"{told}\ninput: {_keep(found, 'growth', data)}")
            if time.monotonic() > until:
                return failed
    return failed


def _slow(name: str, data: bytes) -> str:
    """What is wrong with the time for a text of that kind that is as long as files are, "" if nothing is."""
    for _, longer in grown(data, LONG_INPUT):
        begun = time.process_time()
        problem_of(TARGETS[name], longer)
        spent = time.process_time() - begun
        if spent > SECONDS_FOR_LONG_INPUT:
            return f"{len(longer)} bytes take {spent:.0f} s"
    return ""


def _keep(found: Path, kind: str, data: bytes) -> Path:
    place = found / f"{kind}-{hashlib.sha1(data).hexdigest()}"
    place.write_bytes(data)
    return place


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode("utf-8", "surrogateescape"))


def _directory(kind: str, name: str) -> Path:
    path = STATE / kind / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def _told(name: str) -> Path:
    return _directory("log", name) / "problems"


def _tell(name: str, problem: str) -> None:
    with _told(name).open("a") as file:
        file.write(f"{problem}\n")


def _report_of(name: str) -> str:
    """What is wrong with a target; libFuzzer itself tells what took too long or too much memory."""
    told = _told(name).read_text("utf-8", "replace")
    log = (_directory("log", name) / "libfuzzer").read_text("utf-8", "replace")
    return f"--- {name}\n{told or log[-3000:]}\n"


if __name__ == "__main__":
    sys.exit(main())
