"""The only place where processes start: shells of a user, in a sandbox, all at once, with a deadline for each.

    this process --fork--> warden (enters the sandbox, is process 1 in it, starts shells) --posix_spawn--> shell, shell, shell ...
         ^   ^                |  one line per shell that ended                                          |
         |   +--- reports <---+                                                                         |
         +------- descriptor 9 (answers, traces) and descriptor 2 (errors) of every shell, by pipes <---+

The warden obeys two kinds of lines, "s N" (start job N) and "k N" (kill its session). When the control pipe closes, also because this
process was killed, the warden ends, and everything that ever descended from a shell ends with it.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import select
import signal
import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward.host import isolation
from gosteward.host.channels import Channel, high
from gosteward.host.descendants import kill_descendants, left_running

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.snapshot import User

# This many jobs start at once. A job that sleeps takes no processor from the others: after PATIENCE seconds it no longer counts.
ABREAST, PATIENCE = 4, 0.1
ANSWER = 9
# Tells which job a process descends from, whatever became of its parents and its session.
MARK = "_GOSTEWARD_JOB"
RESET_SIGNALS = (
    signal.SIGPIPE,
    signal.SIGXFSZ,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGTERM,
    signal.SIGCHLD,
)


class Premise(NamedTuple):
    """What has to come before a job.

    Attributes:
        job: number of another job of the batch, which has one follower at most.
        holds: asked of its run when it has ended; where it says no, the job is "spared".
        patience: seconds after which the job starts even if the other one has not ended; sooner where the limit for all is near.
    """

    job: int
    holds: Callable[[Run], bool]
    patience: float


class Job(NamedTuple):
    """A program to run.  argv: argv[0] is shown to it, `program` is executed.  seconds: its own limit."""

    name: str
    program: str
    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    seconds: float = 5.0
    premise: Premise | None = None


class Batch(NamedTuple):
    """Jobs of one account, which share a sandbox.

    Attributes:
        directory: where they start; "/" where the user may not enter it.
        files: path and text of files that they find, laid over the real tree; left out where nothing can be laid over it.
    """

    user: User
    directory: str
    jobs: tuple[Job, ...]
    files: tuple[tuple[str, str], ...] = ()


class Run(NamedTuple):
    """What became of a job.

    Attributes:
        answer, errors: bytes written to descriptors 9 and 2, cut at OUTPUT_LIMIT.
        ended: "exited", "timed-out" (killed at its limit), "not-run", "spared" (its premise does not hold).
        status: exit code, negative for a signal.
        seconds: from its start to its end.   left: names of the processes that it left running behind it.
    """

    answer: bytes = b""
    errors: bytes = b""
    ended: str = "not-run"
    status: int = 0
    seconds: float = 0.0
    left: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """A run per job of a batch, and why there was no sandbox ("" if there was one; otherwise nothing was started)."""

    runs: tuple[Run, ...]
    reason: str = ""


def run(batches: tuple[Batch, ...], seconds: float) -> tuple[Outcome, ...]:
    """Run the jobs of all batches, each batch as its user in a sandbox of its own, all at the same time.

    Returns one outcome per batch; `seconds` is the limit for all together.
    """
    deadline = time.monotonic() + seconds
    wardens: list[Warden] = []
    try:
        for batch in batches:
            wardens.append(_admitted(batch))
        _Service(wardens).serve(deadline)
        return tuple(warden.outcome() for warden in wardens)
    finally:
        for warden in wardens:
            warden.end()


def _admitted(batch: Batch) -> Warden:
    """A warden in the best sandbox that this host allows; one that says why where none is."""
    reasons = []
    for level in isolation.LEVELS:
        warden = Warden(batch)
        try:
            warden.enter(level)
        except OSError as error:  # no descriptors or processes left
            warden.reason = f"no room for a sandbox: {error.strerror}"
        if not warden.reason:
            return warden
        reasons.append(f"{level}: {warden.reason}")
        warden.end()
    warden.reason = "; ".join(reasons)
    return warden


class Warden:
    """Our side of a warden: its pipes and the jobs that it starts."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.channels: list[Channel] = []
        self.runs = [Run() for _ in batch.jobs]
        self.open: list[int] = []
        self.control = self.reports = -1
        self.pid = 0
        self.reason = ""
        self.pending = b""

    def enter(self, level: str) -> None:
        """Fork the warden and wait until its sandbox stands; sets `reason` if it does not."""
        for number, job in enumerate(self.batch.jobs):
            channel = Channel(number, job, self)
            self.channels.append(channel)
            channel.open()
        orders, self.control = self._pipe()
        self.reports, report = self._pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                _be_warden(level, self.batch, self.channels, orders, report)
            finally:
                os._exit(70)
        self._close(orders, report)
        for channel in self.channels:
            channel.close_writers()
        while b"\n" not in self.pending:
            data = os.read(self.reports, 4096)
            if not data:
                self.reason = self.pending.decode("utf-8", "replace") or "the sandbox ended at once"
                return
            self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        self.reason = "" if line == b"ready" else line.decode("utf-8", "replace")

    def _pipe(self) -> tuple[int, int]:
        reader, writer = os.pipe()
        ends = high(reader), high(writer)
        self.open += ends
        return ends

    def _close(self, *descriptors: int) -> None:
        for descriptor in descriptors:
            os.close(descriptor)
            self.open.remove(descriptor)

    def order(self, word: str, number: int) -> None:
        try:
            os.write(self.control, f"{word} {number}\n".encode())
        except BrokenPipeError:  # the warden died; the reports' end says so too
            return

    def take_reports(self) -> tuple[dict[int, tuple[int, tuple[str, ...]]], bool]:
        """By job number: status of jobs that ended, and names of what they left running; and False when the warden is gone."""
        data = os.read(self.reports, 1 << 16)
        *lines, self.pending = (self.pending + data).split(b"\n")
        rows = (line.decode("ascii", "replace").split() for line in lines)
        return {int(row[0]): (int(row[1]), tuple(row[2:])) for row in rows if len(row) > 1}, bool(data)

    def outcome(self) -> Outcome:
        if self.reason:
            return Outcome(tuple(Run() for _ in self.batch.jobs), self.reason)
        return Outcome(tuple(self.runs))

    def end(self) -> None:
        """Close everything and wait for the end of the warden, and with it of all that it started."""
        self._close(*self.open)
        for channel in self.channels:
            channel.close()
        if self.pid > 0:
            os.waitpid(self.pid, 0)
            self.pid = 0


class _Service:
    """Starts, reads and ends the jobs of some wardens."""

    def __init__(self, wardens: list[Warden]) -> None:
        self.reports = {warden.reports: warden for warden in wardens if not warden.reason}
        channels = [channel for warden in reversed(wardens) if not warden.reason for channel in warden.channels[::-1]]
        self.waiting = [channel for channel in channels if channel.job.premise is None]
        # By the channel that they wait for.
        self.held: dict[Channel, tuple[Channel, Premise]] = {
            channel.warden.channels[channel.job.premise.job]: (channel, channel.job.premise)
            for channel in channels
            if channel.job.premise is not None
        }
        self.running: list[Channel] = []
        self.readers: dict[int, tuple[Channel, int]] = {}
        self.poll = select.poll()
        for descriptor in self.reports:
            self.poll.register(descriptor, select.POLLIN)

    def serve(self, deadline: float) -> None:
        """Until all jobs have ended or the time is up."""
        while self.waiting or self.running:
            now = time.monotonic()
            if now >= deadline:
                self.waiting.clear()
                self.held.clear()
            self._release(deadline, now)
            self._start(now)
            for descriptor, _ in self.poll.poll(self._patience(deadline, now)):
                if descriptor in self.reports:
                    self._take_reports(self.reports[descriptor])
                elif descriptor in self.readers:  # else its job ended by a report of the same round
                    channel, which = self.readers[descriptor]
                    if not channel.drain(which, once=True):
                        self._unregister(descriptor)
            self._end_late_ones(deadline)

    def _start(self, now: float) -> None:
        while self.waiting and sum(now - channel.started < PATIENCE for channel in self.running) < ABREAST:
            channel = self.waiting.pop()
            channel.started = now
            self.running.append(channel)
            for which, reader in enumerate(channel.readers):
                self.readers[reader] = (channel, which)
                self.poll.register(reader, select.POLLIN)
            channel.warden.order("s", channel.number)

    def _release(self, deadline: float, now: float) -> None:
        """Start those whose predecessor takes long: it may hang, and there is a limit for all together."""
        for channel in self.running:
            if channel in self.held and now >= self._latest(channel, deadline):
                self.waiting.append(self.held.pop(channel)[0])

    def _latest(self, channel: Channel, deadline: float) -> float:
        """When the follower of a job starts at the latest; where time is short, so that it still has its own."""
        follower, premise = self.held[channel]
        return min(channel.started + premise.patience, deadline - follower.job.seconds)

    def _patience(self, deadline: float, now: float) -> int:
        """Milliseconds until something has to be started or killed."""
        ends = [deadline, *(channel.started + channel.job.seconds for channel in self.running)]
        if self.waiting:
            ends += [channel.started + PATIENCE for channel in self.running if channel.started + PATIENCE > now]
        ends += [self._latest(channel, deadline) for channel in self.running if channel in self.held]
        return max(1, int((min(ends) - now) * 1000) + 1)

    def _take_reports(self, warden: Warden) -> None:
        ended, alive = warden.take_reports()
        for channel in [*self.running]:
            if channel.warden is warden and channel.number in ended:
                self._finish(channel, "exited", *ended[channel.number])
        if not alive:  # somebody killed it, and its shells with it
            self.poll.unregister(warden.reports)
            del self.reports[warden.reports]
            self.held = {before: then for before, then in self.held.items() if before.warden is not warden}
            self.waiting = [channel for channel in self.waiting if channel.warden is not warden]
            for channel in [*self.running]:
                if channel.warden is warden:
                    self._finish(channel, "not-run", -9)

    def _end_late_ones(self, deadline: float) -> None:
        now = time.monotonic()
        for channel in [*self.running]:
            if now >= min(channel.started + channel.job.seconds, deadline):
                channel.warden.order("k", channel.number)
                self._finish(channel, "timed-out", -9)

    def _finish(self, channel: Channel, ended: str, status: int, left: tuple[str, ...] = ()) -> None:
        self.running.remove(channel)
        seconds = time.monotonic() - channel.started
        for which, reader in enumerate(channel.readers):
            if reader in self.readers:
                channel.drain(which, once=False)
                self._unregister(reader)
        answer, errors = (b"".join(texts) for texts in channel.texts)
        ran = Run(answer=answer, errors=errors, ended=ended, status=status, seconds=seconds, left=left)
        channel.warden.runs[channel.number] = ran
        if channel in self.held:
            follower, premise = self.held.pop(channel)
            if premise.holds(ran):
                self.waiting.append(follower)
            else:
                channel.warden.runs[follower.number] = Run(ended="spared")

    def _unregister(self, reader: int) -> None:
        self.poll.unregister(reader)
        del self.readers[reader]


def _be_warden(level: str, batch: Batch, channels: list[Channel], orders: int, report: int) -> None:
    """Enter the sandbox and obey until the orders end. Never returns to the caller's code: the process exits."""
    isolation.own_process()
    # What our caller left open, other wardens' pipes above all, is neither ours nor the shells' business.
    _close_all_but({orders, report, *(writer for channel in channels for writer in channel.writers)})
    try:
        isolation.unshare(level, batch.user)
        if level == "processes":
            _fork_first_process()
        os.setsid()
        isolation.build(level, batch.user)
    except (isolation.Denied, OSError) as problem:
        os.write(report, f"{problem}\n".encode("utf-8", "replace"))
        os._exit(1)
    os.umask(0o022)
    for path, text in batch.files:
        _lay(path, text)
    try:
        os.chdir(batch.directory)
    except OSError:
        os.chdir("/")
    null = high(os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC))
    os.write(report, b"ready\n")
    try:
        _obey(channels, orders, report, null)
    finally:
        if level != "processes":
            kill_descendants()
    os._exit(0)


def _close_all_but(kept: set[int]) -> None:
    try:
        numbers = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        numbers = list(range(1024))
    for number in numbers:
        if number > 2 and number not in kept:
            with contextlib.suppress(OSError):
                os.close(number)


def _fork_first_process() -> None:
    """Go on as process 1 of the new namespace; the caller only waits for it."""
    child = os.fork()
    if child:
        _close_all_but(set())
        os.waitpid(child, 0)
        os._exit(0)


def _lay(path: str, text: str) -> None:
    """Add a file to what the shells see. Where the tree is not covered by an overlay this is denied, and the file is missing."""
    try:
        os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        os.write(descriptor, text.encode())
        os.close(descriptor)
    except OSError:
        return


def _obey(channels: list[Channel], orders: int, report: int, null: int) -> None:
    """Start and kill as told, tell who ended, until the orders end."""
    woken, waker = (high(end) for end in os.pipe())
    os.set_blocking(woken, False)
    os.set_blocking(waker, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    poll = select.poll()
    poll.register(orders, select.POLLIN)
    poll.register(woken, select.POLLIN)
    numbers: dict[int, int] = {}
    pending = b""
    while True:
        ready = dict(poll.poll())
        if woken in ready:
            os.read(woken, 4096)
            _report_ends(numbers, report)
        if orders in ready:
            data = os.read(orders, 4096)
            if not data:
                return
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                word, number = line.split()
                channel = channels[int(number)]
                if word == b"s":
                    _start(channel, null, numbers, report)
                else:
                    _kill(numbers, int(number))


def _start(channel: Channel, null: int, numbers: dict[int, int], report: int) -> None:
    job = channel.job
    log, errors = channel.writers
    actions = (
        (os.POSIX_SPAWN_DUP2, null, 0),
        (os.POSIX_SPAWN_DUP2, null, 1),
        (os.POSIX_SPAWN_DUP2, errors, 2),
        (os.POSIX_SPAWN_DUP2, log, ANSWER),
    )
    spawn = functools.partial(
        os.posix_spawn,
        job.program,
        job.argv,
        {**dict(job.environment), MARK: str(channel.number)},
        file_actions=actions,
        setsigmask=(),
        setsigdef=RESET_SIGNALS,
    )
    try:
        try:
            pid = spawn(setsid=True)
        except NotImplementedError:  # a libc without POSIX_SPAWN_SETSID
            pid = spawn(setpgroup=0)
        numbers[pid] = channel.number
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the environment
        os.write(report, f"{channel.number} {1000 + (getattr(error, 'errno', 0) or 0)}\n".encode())
    for descriptor in channel.writers:
        os.close(descriptor)


def _report_ends(numbers: dict[int, int], report: int) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        if pid in numbers:
            code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
            with contextlib.suppress(BrokenPipeError):  # nobody listens any more: the orders end too
                number = numbers.pop(pid)
                left = " ".join(left_running(MARK, number, frozenset(numbers)))
                os.write(report, f"{number} {code} {left}\n".encode())


def _kill(numbers: dict[int, int], number: int) -> None:
    for pid, owner in numbers.items():
        if owner == number:
            try:
                os.kill(-pid, signal.SIGKILL)
            except OSError as error:
                if error.errno not in (errno.ESRCH, errno.EPERM):
                    raise
