"""The pipes between this process and a shell: descriptors 9 and 2 of the shell, and what came out of them."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gosteward.host.commands import Job, Warden

OUTPUT_LIMIT = 24 << 20
CHUNK = 1 << 18


class Channel:
    """The reading ends of one job, and what came out of them."""

    def __init__(self, number: int, job: Job, warden: Warden) -> None:
        self.number = number
        self.job = job
        self.warden = warden
        self.readers: list[int] = []
        self.writers: list[int] = []
        self.texts: tuple[list[bytes], list[bytes]] = ([], [])
        self.sizes = [0, 0]
        self.started = 0.0

    def open(self) -> None:
        """Make the pipes."""
        for _ in range(2):
            reader, writer = os.pipe()
            self.readers.append(high(reader))
            self.writers.append(high(writer))
            os.set_blocking(self.readers[-1], False)
        with contextlib.suppress(OSError):
            for writer in self.writers if os.geteuid() == 0 else ():  # as with a terminal, a shell may open /dev/stderr
                os.fchown(writer, self.warden.batch.user.uid, -1)
            fcntl.fcntl(self.readers[0], 1031, 1 << 18)  # F_SETPIPE_SZ: half as many switches between a shell and us

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

    def close_writers(self) -> None:
        """Leave the writing to the shell."""
        for descriptor in self.writers:
            os.close(descriptor)
        self.writers = []

    def close(self) -> None:
        """Give all descriptors back."""
        self.close_writers()
        for descriptor in self.readers:
            os.close(descriptor)
        self.readers = []


def high(descriptor: int) -> int:
    """The same pipe under a number that no shell uses for itself."""
    try:
        moved: int = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 64)
    finally:
        os.close(descriptor)
    return moved
