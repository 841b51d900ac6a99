"""Running a toolchain: what it says it is, and whether it really compiles, links, and makes a program that runs. Offline, in a room of its own.

`go version`, `go env` and `go list std` also pass on half a tree, and on two releases unpacked over each other: only a build shows it.
Nothing is left: caches go with the room, and GOPROXY=off stands in the environment of these processes only.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import StewardError
from gosteward.finding import Text
from gosteward.golang import goversion
from gosteward.host import checking, writing
from gosteward.host.acting import acting_as
from gosteward.host.own_directory import cache_for
from gosteward.toolchains.verifying.checks import FAILED, NOTE, OK, UNJUDGED, Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.host.local import LocalHost
    from gosteward.snapshot import User
    from gosteward.toolchains.installed.goroots import Goroot

SECONDS = 60.0
BUILD_SECONDS = 600.0
PROGRAM_SECONDS = 20.0
SHOWN = 400
ANSWER = "gosteward 42"
COMPILERS = ("gcc", "clang")
PLACES = ("/tmp", "/var/tmp")
PLAIN = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("gosteward", 6*7) }\n'
WITH_C = """package main

/*
static int answer(void) { return 42; }
*/
import "C"
import "fmt"

func main() { fmt.Println("gosteward", int(C.answer())) }
"""
# What the C half of Go's runtime includes and links: if this cannot be built, it is not Go's fault.
BARE_C = b"#include <pthread.h>\n#include <stdlib.h>\n#include <errno.h>\nint main(void) { return 0; }\n"


class Runner(NamedTuple):
    """Who runs programs.

    Attributes:
        user: whose rights they have.   account: the same if this process has to become it, None if it is it.
        path: search path for C compilers.
    """

    user: User
    account: User | None
    path: str


def runner_for(host: LocalHost, user: User) -> Runner:
    """Programs run as the user who called. Root looks for compilers in the system's directories only."""
    ourselves = user.uid == os.geteuid()
    own_path = host.environ.get("PATH", "") if ourselves and user.uid != 0 else ""
    return Runner(user, None if ourselves else user, own_path or checking.CLEAN["PATH"])


def tried(goroot: Goroot, runner: Runner, host: LocalHost) -> tuple[Check, ...]:
    """Run a toolchain; every check after the first failure of `go` itself would fail for the same reason, so there is none."""
    with contextlib.ExitStack() as held:
        room = _room(runner, host, held)
        if room is None:
            text = Text("there is no directory where programs may be built and run: {places}", places=", ".join(PLACES))
            return (Check("version", UNJUDGED, text),)
        trial = _Trial(goroot, runner, room)
        version = trial.version()
        if version.status == FAILED:
            return (version,)
        right = Text("a program was compiled and linked without a network, and runs")
        built = trial.built("build", PLAIN, {"CGO_ENABLED": "0"}, right)
        return (version, trial.std(), built, trial.built_with_c())


class _Room(NamedTuple):
    path: str
    descriptor: int


def _room(runner: Runner, host: LocalHost, held: contextlib.ExitStack) -> _Room | None:
    """A new directory of the runner's, on a file system that lets programs run; it is removed at the end."""
    own = host.environ.get("TMPDIR", "") if runner.account is None and runner.user.uid != 0 else ""
    caches: tuple[str, ...] = ()
    if runner.account is None:
        with contextlib.suppress(StewardError):  # no home
            caches = (cache_for(host.environ, runner.user.home),)
    for place in (own, *PLACES, *caches):
        facts = host.space(place) if place.startswith("/") else None
        if facts is not None and not facts.noexec and not facts.read_only:
            with contextlib.suppress(OSError):
                return held.enter_context(_made(place, runner.account))
    return None


@contextlib.contextmanager
def _made(place: str, account: User | None) -> Iterator[_Room]:
    name = f".gosteward-verify-{secrets.token_hex(8)}"
    with acting_as(account):
        above = os.open(place, writing.READING & ~os.O_NOFOLLOW | os.O_DIRECTORY)
    try:
        with acting_as(account):
            descriptor = writing.make_room(above, name)
        try:
            yield _Room(f"{os.path.realpath(place)}/{name}", descriptor)
        finally:
            os.close(descriptor)
            with acting_as(account):
                writing.remove_tree(above, name)
    finally:
        os.close(above)


class _Ran(NamedTuple):
    """code: None if it could not be started."""

    code: int | None
    output: str

    @property
    def last(self) -> str:
        """The end of what it wrote, on one line."""
        return " ".join(self.output.split())[-SHOWN:]


class _Trial:
    def __init__(self, goroot: Goroot, runner: Runner, room: _Room) -> None:
        self.goroot = goroot
        self.runner = runner
        self.room = room
        parsed = goversion.parse(goroot.version or goroot.said)
        language = parsed.language if parsed is not None else "1.21"
        self.flags = "" if parsed is not None and parsed.minor < 14 else "-mod=mod"  # which came with 1.14
        self._put("go.mod", f"module example.com/verify\n\ngo {language}\n".encode())

    def _put(self, name: str, content: bytes) -> None:
        with acting_as(self.runner.account):
            writing.write_new(self.room.descriptor, name, content)

    def _run(self, argv: tuple[str, ...], seconds: float, more: dict[str, str] | None = None) -> _Ran:
        path = self.room.path
        environment = {
            "PATH": self.runner.path, "HOME": path, "TMPDIR": path, "GOPATH": f"{path}/gopath", "GOCACHE": f"{path}/cache", "LC_ALL": "C",
            "GOMODCACHE": f"{path}/gopath/pkg/mod", "GOFLAGS": self.flags, "GOPROXY": "off", "GOTOOLCHAIN": "local",
            "GOENV": "off", "GOWORK": "off", "GOTELEMETRY": "off", **(more or {}),
        }  # fmt: skip
        try:
            return _Ran(*checking.run_as(self.runner.account, argv, environment, self.room.descriptor, seconds))
        except OSError as error:
            return _Ran(None, error.strerror or str(error))

    def _go(self, *words: str, seconds: float = SECONDS, more: dict[str, str] | None = None) -> _Ran:
        return self._run((f"{self.goroot.path}/bin/go", *words), seconds, more)

    def version(self) -> Check:
        """`go version` says what VERSION says."""
        ran = self._go("version")
        if ran.code != 0:
            return _failed("version", "go version", ran)
        said = ran.last.removeprefix("go version ")
        wanted = self.goroot.said
        if not wanted:
            return Check("version", NOTE, Text("`go version` says {said}, and there is no VERSION", said=said))
        if wanted.startswith("devel") or said.split(" ")[0] == wanted.split(" ")[0]:
            return Check("version", OK, Text("`go version` says {said}", said=said))
        text = Text("`go version` says {said}, and VERSION says {wanted}", said=said, wanted=wanted)
        return Check("version", FAILED, text, remedy=Text("do not use this tree: install the release anew"))

    def std(self) -> Check:
        """`go list std`."""
        ran = self._go("list", "std")
        if ran.code != 0:
            return _failed("std", "go list std", ran)
        return Check("std", OK, Text("`go list std` finds the standard library, without a network"))

    def built(self, name: str, source: str, settings: dict[str, str], right: Text) -> Check:
        """A program is compiled and linked, and runs.  right: what is said then."""
        self._put(f"{name}.go", source.encode())
        ran = self._go("build", "-o", f"./{name}.out", f"{name}.go", seconds=BUILD_SECONDS, more=settings)
        if ran.code != 0:
            return _failed(name, "go build", ran)
        ran = self._run((f"{self.room.path}/{name}.out",), PROGRAM_SECONDS)
        if ran.code != 0 or ran.last != ANSWER:
            return _failed(name, f"./{name}.out", ran)
        return Check(name, OK, right)

    def built_with_c(self) -> Check:
        """The same with C in it, where a C compiler works."""
        compiler = next((c for c in COMPILERS if shutil.which(c, path=self.runner.path)), "")
        if not compiler:
            text = Text("cgo: there is no C compiler ({names})", names=", ".join(COMPILERS))
            return Check("build-cgo", UNJUDGED, text)
        self._put("bare.c", BARE_C)
        found = shutil.which(compiler, path=self.runner.path) or compiler
        ran = self._run((found, "-o", "bare.out", "bare.c", "-lpthread"), SECONDS)
        if ran.code != 0:
            text = Text("cgo: {compiler} itself cannot build a C program: {output}", compiler=compiler, output=ran.last)
            remedy = Text("`gosteward doctor` says what is missing")
            return Check("build-cgo", UNJUDGED, text, remedy=remedy)
        right = Text("a program with C in it was compiled and linked by {compiler}, and runs", compiler=compiler)
        return self.built("build-cgo", WITH_C, {"CGO_ENABLED": "1", "CC": compiler}, right)


def _failed(name: str, command: str, ran: _Ran) -> Check:
    if ran.code is None:
        text = Text("`{command}` cannot be started: {reason}", command=command, reason=ran.output)
    else:
        template = "`{command}` ends with {code}: {output}"
        text = Text(template, command=command, code=str(ran.code), output=re.sub(r"\s+", " ", ran.last))
    return Check(name, FAILED, text)
