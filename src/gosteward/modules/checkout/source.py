"""Modules from version control as a source of a module proxy: each question is a run of the go command. Blocking, from any thread.

A run has directories and an environment of its own, an account of its own where this process is root, limits, and an end; see `confined`. A few
run at once, a few more wait, and the rest is told to come again. What a run told of a version, its .info and go.mod, is remembered for minutes,
as clients ask for both; so is that it is too large for go, and the size of a zip that nobody took, as it is too large for a policy: it is told
before go runs again, and go runs only where somebody takes it now. What comes is proved by the proxy as what comes from anywhere else.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakValueDictionary

from gosteward.errors import StewardError, UsageError
from gosteward.golang.toolchain_names import TOOLCHAIN_MODULE
from gosteward.host import confined
from gosteward.modules.answers import BAD_GATEWAY, NO_SPACE, NOT_FOUND, UNAVAILABLE, Refusal
from gosteward.modules.checkout import judging, questions
from gosteward.modules.checkout.admin_home import checked
from gosteward.modules.checkout.questions import Toolchains
from gosteward.modules.checkout.workplace import Workplace
from gosteward.modules.origins.directory import pieces_of
from gosteward.modules.origins.upstream import FILE_SECONDS, BrokenError, Coming
from gosteward.modules.requests import ModuleRequest, parse
from gosteward.modules.upstreams import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gosteward.host.confined import Confined
    from gosteward.modules.checkout.questions import Rooms
    from gosteward.modules.upstreams import Upstream
    from gosteward.snapshot import User

AT_ONCE, WAITING = 4, 20
REMEMBERED, MOST_REMEMBERED, MOST_SIZE = 300.0, 2_000, 1 << 18


class Wishes(NamedTuple):
    """How modules are checked out.

    Attributes:
        goroots: those that there are, the best first; asked before each run.   user: whom go runs as, None for this user.   home: see `admin_home`.
        insecure: patterns of modules that may come without TLS.   network: the environment of this process; what is passed on of it, see `NETWORK`.
        problem: why nothing can be checked out, "" if it can.   remedy: of that.   at_once: runs.   toolchains: for modules that want a newer go.
    """

    goroots: Callable[[], tuple[str, ...]]
    user: User | None = None
    home: str = ""
    insecure: str = ""
    network: Mapping[str, str] = {}
    problem: str = ""
    remedy: str = ""
    at_once: int = AT_ONCE
    toolchains: Toolchains = Toolchains()


NOWHERE = Wishes(lambda: (), problem="this command checks out no modules")


class CheckoutSource:
    """The source.

    Args:
        top: where it works, absolute.
    """

    def __init__(self, wishes: Wishes, top: str) -> None:
        self.wishes = wishes
        self.workplace = Workplace(top, wishes.user)
        self._places = threading.BoundedSemaphore(wishes.at_once)
        self._queue = threading.BoundedSemaphore(wishes.at_once + WAITING)
        self._lock = threading.Lock()
        self._turns: WeakValueDictionary[str, _Turn] = WeakValueDictionary()
        self._known: dict[str, tuple[float, bytes | Refusal | int]] = {}
        self._ready = False

    def prepare(self) -> None:
        """Make its directories, and check what the administrator prepared; once.

        Raises:
            UsageError, PrivilegeError: nothing can be checked out like that.
        """
        with self._lock:
            if self._ready:
                return
            if self.wishes.problem:
                raise UsageError(self.wishes.problem, subject=CHECKOUT, hint=self.wishes.remedy)
            if not self.wishes.goroots():
                raise UsageError(
                    "there is no go to check modules out with",
                    subject=CHECKOUT,
                    hint="`gosteward install`, or --checkout-go GOROOT",
                )
            checked(self.wishes.home, self.wishes.user)
            self.workplace.prepare()
            self._ready = True

    @contextlib.contextmanager
    def opened(self, upstream: Upstream, path: str, seconds: float) -> Iterator[Coming | Refusal]:
        """As `Source.opened`."""
        request = parse(f"/{path}")
        if (
            not isinstance(request, ModuleRequest)
            or request.module.startswith("-")
            or request.module == TOOLCHAIN_MODULE
        ):
            yield Refusal(NOT_FOUND, f"not found: {path} is nothing that is checked out")
            return
        end = time.monotonic() + limit_of(request, seconds)
        if not self._queue.acquire(blocking=False):
            yield Refusal(UNAVAILABLE, "too many modules are being checked out", retry_after=5)
            return
        with contextlib.ExitStack() as run:
            run.callback(self._queue.release)
            try:
                found = self._asked(request, end, upstream.shown, run)
            except OSError as error:
                found = Refusal(NO_SPACE, f"{request.named} cannot be checked out: {error.strerror}")
            yield found

    def _asked(self, request: ModuleRequest, end: float, shown: str, run: contextlib.ExitStack) -> Coming | Refusal:
        try:
            self.prepare()
            home = checked(self.wishes.home, self.wishes.user)
        except StewardError as error:
            return Refusal(BAD_GATEWAY, f"{shown}: {error}")
        turn = self._turn(request)
        if not turn.lock.acquire(timeout=max(0.0, end - time.monotonic())):
            return judging.late(request.named, 0.0)
        run.callback(turn.lock.release)
        known = self._remembered(request)
        if isinstance(known, int):
            return Coming(self._made_again(known, request, home, end, run), known, shown)
        if known is not None:
            return known if isinstance(known, Refusal) else _coming(known, shown)
        return self._run(request, home, end, shown, run)

    def _made_again(
        self, size: int, request: ModuleRequest, home: questions.Home, end: float, run: contextlib.ExitStack
    ) -> Iterator[bytes]:
        """A zip whose size is told already, made when it is taken. Raises BrokenError: it is not what it was."""
        self._forget(request.path)
        found = self._run(request, home, end, "", run)
        if isinstance(found, Refusal):
            raise BrokenError(found.reason)
        if found.length != size:
            raise BrokenError(f"it has {found.length} bytes now, and had {size}")
        yield from found.body

    def _run(
        self, request: ModuleRequest, home: questions.Home, end: float, shown: str, run: contextlib.ExitStack
    ) -> Coming | Refusal:
        """Start go, as soon as it has a place."""
        if not self._places.acquire(timeout=max(0.0, end - time.monotonic())):
            return Refusal(UNAVAILABLE, "too many modules are being checked out", retry_after=5)
        run.callback(self._places.release)
        self.workplace.look()
        rooms = run.enter_context(self.workplace.run())
        go = _Go(self, request, home, rooms, end)
        return self._answered(go, shown, run)

    def _answered(self, go: _Go, shown: str, run: contextlib.ExitStack) -> Coming | Refusal:
        """Run go, and take what it says, or made."""
        request = go.request
        found = go.ran(questions.argv(go.goroot, request))
        if isinstance(found, Refusal):
            if request.canonical and judging.is_too_large(found.reason):
                self._remember(request.path, found)  # it costs as much as if it came
            return found
        if request.canonical:
            self._remember_files(go)
            return self._file(go, shown, run)
        body = questions.listing(found) if request.kind == "list" else questions.info(found)
        return _coming(body, shown) if body is not None else _nonsense(request)

    def _file(self, go: _Go, shown: str, run: contextlib.ExitStack) -> Coming | Refusal:
        try:
            descriptor = self.workplace.opened(go.rooms, f"cache/cache/download/{go.request.path}")
        except OSError:
            return _nonsense(go.request)
        run.callback(os.close, descriptor)
        size = os.fstat(descriptor).st_size
        if go.request.kind == "zip":
            self._remember(go.request.path, size)
        return Coming(self._taken(go.request, descriptor, size), size, shown)

    def _taken(self, request: ModuleRequest, descriptor: int, size: int) -> Iterator[bytes]:
        """A file that somebody takes: a zip is in the store then, or wrong."""
        if request.kind == "zip":
            self._forget(request.path)
        yield from pieces_of(descriptor, 0, size)

    def _turn(self, request: ModuleRequest) -> _Turn:
        """One question about a version at a time: the next one may find its answer remembered."""
        key = _base(request.path) if request.canonical and request.kind != "zip" else request.path
        with self._lock:
            found = self._turns.get(key)
            if found is None:
                found = self._turns[key] = _Turn()
            return found

    def _remembered(self, request: ModuleRequest) -> bytes | Refusal | int | None:
        """A small file; why there is none; the size of a zip; None for nothing."""
        with self._lock:
            until, found = self._known.get(request.path, (0.0, b""))
        return found if until > time.monotonic() else None

    def _forget(self, path: str) -> None:
        with self._lock:
            self._known.pop(path, None)

    def _remember_files(self, go: _Go) -> None:
        """Small files that go made of a version, whichever was asked for."""
        base = _base(go.request.path)
        for kind in ("info", "mod"):
            with contextlib.suppress(OSError):
                descriptor = self.workplace.opened(go.rooms, f"cache/cache/download/{base}.{kind}")
                try:
                    body = os.pread(descriptor, MOST_SIZE + 1, 0)
                finally:
                    os.close(descriptor)
                if len(body) <= MOST_SIZE:
                    self._remember(f"{base}.{kind}", body)

    def _remember(self, path: str, found: bytes | Refusal | int) -> None:
        with self._lock:
            now = time.monotonic()
            if len(self._known) >= MOST_REMEMBERED:
                self._known = {path: one for path, one in self._known.items() if one[0] > now}
            if len(self._known) < MOST_REMEMBERED:
                self._known[path] = (now + REMEMBERED, found)


class _Turn:
    """A lock that can be forgotten."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


class _Go:
    """The go command, for one request."""

    def __init__(
        self, source: CheckoutSource, request: ModuleRequest, home: questions.Home, rooms: Rooms, end: float
    ) -> None:
        self.request, self.rooms = request, rooms
        self._source, self._home, self._end, self._began = source, home, end, time.monotonic()
        found = source.wishes.goroots()
        self.goroot = found[0] if found else ""

    def ran(self, argv: tuple[str, ...]) -> dict[str, object] | Refusal:
        """What it says of the module. Raises OSError."""
        found = self._said(argv, self._environment())
        if not isinstance(found, str):
            return found
        if judging.too_new_for(found):
            return self._ran_newer(argv, found)
        if judging.NO_PROTOCOL in found:
            found = (
                self._run(questions.explaining(argv), self._environment()).errors.decode("utf-8", "replace") or found
            )
        return judging.refusal(found, self.request.module, self.request.version or "latest", self._places)

    def _ran_newer(self, argv: tuple[str, ...], why: str) -> dict[str, object] | Refusal:
        """The same, by the go that the module wants, if there is a way to have it that is proved."""
        wanted, toolchains = judging.too_new_for(why), self._source.wishes.toolchains
        hint = f"the proxy has {self.goroot}: install a newer go there, such as by `gosteward install {wanted}`"
        if not toolchains.proxies or not self._source.workplace.lend_toolchains(self.rooms):
            return judging.too_old(why, hint, self._places)
        environment = questions.with_toolchains(self._environment(), self.request.module, toolchains)
        found = self._said(argv, environment)
        return judging.too_old(found, hint, self._places) if isinstance(found, str) else found

    def _said(self, argv: tuple[str, ...], environment: dict[str, str]) -> dict[str, object] | str | Refusal:
        """What it says of the module; its error, as text."""
        ended = self._run(argv, environment)
        if ended.late or ended.status < 0:
            self._source.workplace.tidy()
        if ended.late:
            return judging.late(self.request.named, self._end - self._began)
        found = questions.said(ended.output)
        error = questions.error_of(found)
        if ended.status == 0 and found and not error:
            return found
        error = error or ended.errors.decode("utf-8", "replace") or f"the go command ended with {ended.status}"
        if judging.is_fetch(error):
            self._source.workplace.tidy()
        return error

    def _run(self, argv: tuple[str, ...], environment: dict[str, str]) -> Confined:
        # "/": nobody but root can put a go.mod there, or above it.
        return confined.run(argv, environment, "/", self._source.wishes.user, max(1.0, self._end - time.monotonic()))

    def _environment(self) -> dict[str, str]:
        wishes = self._source.wishes
        return questions.environment(
            self.goroot, self.rooms, self._home, wishes.network, self.request.module, wishes.insecure
        )

    @property
    def _places(self) -> tuple[str, ...]:
        return (f"{self.rooms.top}/", f"{self._source.workplace.path}/")


def _coming(body: bytes, shown: str) -> Coming:
    return Coming(iter((body,)), len(body), shown)


def _nonsense(request: ModuleRequest) -> Refusal:
    return Refusal(BAD_GATEWAY, f"{request.named}: the go command ended well, and there is no answer that makes sense")


def limit_of(request: ModuleRequest, seconds: float) -> float:
    """Seconds for a run. @latest and branches may need all of a repository, and a fetch that was cut begins anew: they have the time of a file."""
    return seconds if request.canonical or request.kind == "list" else max(seconds, FILE_SECONDS)


def _base(path: str) -> str:
    return path.rpartition(".")[0]
