"""The only place where processes start: shells of a user, in a sandbox, all at once, with a deadline for each.

    this process --fork--> warden (enters the sandbox, is process 1 in it, starts shells) --posix_spawn--> shell, shell, shell ...
         ^   ^                |  one line per shell that ended                                          |
         |   +--- reports <---+                                                                         |
         +------- descriptor 9 (answers, traces) and descriptor 2 (errors) of every shell, by pipes <---+

The warden obeys two kinds of lines, "s N" (start job N) and "k N" (kill its session). When the control pipe closes, also because this
process was killed, the warden ends, and everything that ever descended from a shell ends with it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import signal
import time
from typing import TYPE_CHECKING, NamedTuple

from gosteward.host import isolation

if TYPE_CHECKING:
    from gosteward.snapshot import User

OUTPUT_LIMIT = 24 << 20
CHUNK = 1 << 18
# This many jobs start at once. A job that sleeps takes no processor from the others: after PATIENCE seconds it no longer counts.
ABREAST, PATIENCE = 4, 0.1
ANSWER = 9
RESET_SIGNALS = (
    signal.SIGPIPE,
    signal.SIGXFSZ,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGTERM,
    signal.SIGCHLD,
)


class Job(NamedTuple):
    """A program to run.  argv: argv[0] is shown to it, `program` is executed.  seconds: its own limit."""

    name: str
    program: str
    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    seconds: float = 5.0


class Run(NamedTuple):
    """What became of a job.

    Attributes:
        answer, errors: bytes written to descriptors 9 and 2, cut at OUTPUT_LIMIT.
        ended: "exited", "timed-out" (killed at its limit), "not-run".   status: exit code, negative for a signal.
        seconds: from its start to its end.
    """

    answer: bytes = b""
    errors: bytes = b""
    ended: str = "not-run"
    status: int = 0
    seconds: float = 0.0


class _Channel:
    """The reading ends of one job, and what came out of them."""

    def __init__(self, number: int, job: Job) -> None:
        self.number = number
        self.job = job
        self.readers: list[int] = []
        self.writers: list[int] = []
        self.texts: tuple[list[bytes], list[bytes]] = ([], [])
        self.sizes = [0, 0]
        self.started = 0.0
        self.result = Run()
        for _ in range(2):
            reader, writer = os.pipe()
            self.readers.append(_high(reader))
            self.writers.append(_high(writer))
            os.set_blocking(self.readers[-1], False)
        try:  # a longer pipe saves half of the switches between a shell and us
            fcntl.fcntl(self.readers[0], 1031, 1 << 18)  # F_SETPIPE_SZ
        except OSError:
            return

    def drain(self, which: int, once: bool) -> bool:
        """Take what has come; False at the end of the pipe."""
        while True:
            try:
                data = os.read(self.readers[which], CHUNK)
            except BlockingIOError:
                return True
            if not data:
                return False
            if self.sizes[which] < OUTPUT_LIMIT:
                self.texts[which].append(data)
                self.sizes[which] += len(data)
            elif not once:  # a flood that outlives its shell: enough
                return False
            if once:
                return True

    def close(self) -> None:
        for descriptor in (*self.readers, *self.writers):
            os.close(descriptor)
        self.readers, self.writers = [], []


def _high(descriptor: int) -> int:
    """The same pipe under a number that no shell uses for itself."""
    moved: int = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 64)
    os.close(descriptor)
    return moved


def run(jobs: tuple[Job, ...], user: User, directory: str, seconds: float) -> tuple[tuple[Run, ...], str]:
    """Run all jobs as `user` in a sandbox.

    Args:
        directory: where they start; "/" where they may not enter it.
        seconds: limit for all together.
    Returns:
        A run per job, and why there is no sandbox ("" if there is one; otherwise nothing was started).
    """
    reason = ""
    for level in isolation.LEVELS:
        channels = [_Channel(number, job) for number, job in enumerate(jobs)]
        try:
            warden = _Warden(level, user, directory, channels)
            try:
                reason = warden.greeting()
                if not reason:
                    warden.serve(time.monotonic() + seconds)
                    return tuple(channel.result for channel in channels), ""
            finally:
                warden.end()
        finally:
            for channel in channels:
                channel.close()
    return tuple(Run() for _ in jobs), reason


class _Warden:
    """Our side of the warden: its pipes and what is running in it."""

    def __init__(self, level: str, user: User, directory: str, channels: list[_Channel]) -> None:
        self.channels = channels
        orders, self.control = (_high(end) for end in os.pipe())
        self.reports, report = (_high(end) for end in os.pipe())
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self.control)
                os.close(self.reports)
                _be_warden(level, user, directory, channels, orders, report)
            finally:
                os._exit(70)
        os.close(orders)
        os.close(report)
        for channel in channels:
            for descriptor in channel.writers:
                os.close(descriptor)
            channel.writers = []
        self.pending = b""

    def greeting(self) -> str:
        """Why the warden could not build its sandbox; "" if it could."""
        while b"\n" not in self.pending:
            data = os.read(self.reports, 4096)
            if not data:
                return self.pending.decode("utf-8", "replace") or "the sandbox ended at once"
            self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        return "" if line == b"ready" else line.decode("utf-8", "replace")

    def order(self, word: str, number: int) -> None:
        try:
            os.write(self.control, f"{word} {number}\n".encode())
        except BrokenPipeError:  # the warden died; the reports' end says so too
            return

    def serve(self, deadline: float) -> None:
        """Start, read and end all jobs."""
        waiting = list(reversed(self.channels))
        running: dict[int, _Channel] = {}
        owners: dict[int, tuple[_Channel, int]] = {}
        poll = select.poll()
        poll.register(self.reports, select.POLLIN)
        while waiting or running:
            now = time.monotonic()
            if now >= deadline:
                waiting.clear()
            while waiting and sum(now - channel.started < PATIENCE for channel in running.values()) < ABREAST:
                channel = waiting.pop()
                channel.started = now
                running[channel.number] = channel
                for which, reader in enumerate(channel.readers):
                    owners[reader] = (channel, which)
                    poll.register(reader, select.POLLIN)
                self.order("s", channel.number)
            for descriptor, _ in poll.poll(self._patience(waiting, running, deadline, now)):
                if descriptor == self.reports:
                    if not self._take_reports(running, owners, poll):
                        return
                elif descriptor in owners:  # else its job ended by a report of the same round
                    channel, which = owners[descriptor]
                    if not channel.drain(which, once=True):
                        poll.unregister(descriptor)
                        del owners[descriptor]
            now = time.monotonic()
            for channel in [*running.values()]:
                if now >= min(channel.started + channel.job.seconds, deadline):
                    self.order("k", channel.number)
                    self._finish(channel, "timed-out", -9, running, owners, poll)

    def _patience(self, waiting: list[_Channel], running: dict[int, _Channel], deadline: float, now: float) -> int:
        """Milliseconds until something has to be started or killed."""
        ends = [min(channel.started + channel.job.seconds, deadline) for channel in running.values()]
        if waiting:
            ends += [channel.started + PATIENCE for channel in running.values() if channel.started + PATIENCE > now]
        return max(1, int((min(ends) - now) * 1000) + 1)

    def _take_reports(
        self, running: dict[int, _Channel], owners: dict[int, tuple[_Channel, int]], poll: select.poll
    ) -> bool:
        data = os.read(self.reports, 1 << 16)
        *lines, self.pending = (self.pending + data).split(b"\n")
        for line in lines:
            number, status = (int(word) for word in line.split())
            if number in running:
                self._finish(running[number], "exited", status, running, owners, poll)
        return bool(data)

    def _finish(
        self,
        channel: _Channel,
        ended: str,
        status: int,
        running: dict[int, _Channel],
        owners: dict[int, tuple[_Channel, int]],
        poll: select.poll,
    ) -> None:
        del running[channel.number]
        seconds = time.monotonic() - channel.started
        for which, reader in enumerate(channel.readers):
            if reader in owners:
                channel.drain(which, once=False)
                poll.unregister(reader)
                del owners[reader]
        answer, errors = (b"".join(texts) for texts in channel.texts)
        channel.result = Run(answer=answer, errors=errors, ended=ended, status=status, seconds=seconds)

    def end(self) -> None:
        os.close(self.control)
        os.close(self.reports)
        os.waitpid(self.pid, 0)


def _be_warden(level: str, user: User, directory: str, channels: list[_Channel], orders: int, report: int) -> None:
    """Enter the sandbox and obey until the orders end. Never returns to the caller's code: the process exits."""
    isolation.own_process()
    for channel in channels:
        for reader in channel.readers:
            os.close(reader)
    try:
        isolation.unshare(level, user)
        if level == "processes":
            child = os.fork()
            if child:
                os.close(orders)
                os.close(report)
                _close_writers(channels)
                os.waitpid(child, 0)
                os._exit(0)
        os.setsid()
        isolation.build(level, user)
    except (isolation.Denied, OSError) as problem:
        os.write(report, f"{problem}\n".encode("utf-8", "replace"))
        os._exit(1)
    try:
        os.chdir(directory)
    except OSError:
        os.chdir("/")
    os.umask(0o022)
    for name in os.listdir("/proc/self/fd"):  # what our caller left open is not the shells' business
        try:
            os.set_inheritable(int(name), False)
        except OSError:
            continue
    null = _high(os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC))
    os.write(report, b"ready\n")
    _obey(channels, orders, report, null)
    if level != "processes":
        _kill_descendants()
    os._exit(0)


def _close_writers(channels: list[_Channel]) -> None:
    for channel in channels:
        for descriptor in channel.writers:
            os.close(descriptor)


def _obey(channels: list[_Channel], orders: int, report: int, null: int) -> None:
    """Start and kill as told, tell who ended, until the orders end."""
    woken, waker = (_high(end) for end in os.pipe())
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


def _start(channel: _Channel, null: int, numbers: dict[int, int], report: int) -> None:
    job = channel.job
    log, errors = channel.writers
    actions = (
        (os.POSIX_SPAWN_DUP2, null, 0),
        (os.POSIX_SPAWN_DUP2, null, 1),
        (os.POSIX_SPAWN_DUP2, errors, 2),
        (os.POSIX_SPAWN_DUP2, log, ANSWER),
    )
    environment = dict(job.environment)
    try:
        try:
            pid = os.posix_spawn(
                job.program,
                job.argv,
                environment,
                file_actions=actions,
                setsid=True,
                setsigmask=(),
                setsigdef=RESET_SIGNALS,
            )
        except NotImplementedError:  # a libc without POSIX_SPAWN_SETSID
            pid = os.posix_spawn(
                job.program,
                job.argv,
                environment,
                file_actions=actions,
                setpgroup=0,
                setsigmask=(),
                setsigdef=RESET_SIGNALS,
            )
        numbers[pid] = channel.number
    except OSError as error:
        os.write(report, f"{channel.number} {1000 + (error.errno or 0)}\n".encode())
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
            os.write(report, f"{numbers.pop(pid)} {code}\n".encode())


def _kill(numbers: dict[int, int], number: int) -> None:
    for pid, owner in numbers.items():
        if owner == number:
            try:
                os.kill(-pid, signal.SIGKILL)
            except OSError as error:
                if error.errno not in (errno.ESRCH, errno.EPERM):
                    raise


def _kill_descendants() -> None:
    """Without a process namespace: kill children until none is left. Orphans become ours, as we are a subreaper."""
    for _ in range(200):
        try:
            with open("/proc/thread-self/children", "rb") as table:
                children = [int(word) for word in table.read().split()]
        except OSError:
            children = _children_by_parent()
        if not children:
            return
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError, PermissionError):
                continue


def _children_by_parent() -> list[int]:
    """The same from /proc/PID/stat, for kernels without CONFIG_PROC_CHILDREN."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as status:
                    if int(status.read().rpartition(b")")[2].split()[1]) == os.getpid():
                        found.append(int(name))
            except (OSError, ValueError, IndexError):
                continue
    return found
