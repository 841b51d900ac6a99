"""The log: a line for each request that was not answered from memory, and for each trouble; as text or JSON.

    2026-11-28T11:06:35.123Z 5f0a12c4-1 127.0.0.1 GET /golang.org/x/text/@v/v0.3.0.zip 200 6349244 0.412 upstream
    2026-11-28T11:06:35.200Z trouble verification golang.org/x/text@v0.3.0: ...

A thread writes. Nobody waits for it: while it cannot keep up lines are left out, and their number is told. Whoever closes the other end of
stderr ends the log, not the service. Queries are never written, as tokens stand in them; nor is any header.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from typing import TYPE_CHECKING, Union

from gosteward.modules.tally import Trouble
from gosteward.report.layout import visible
from gosteward.serve.exchanges import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO

    from gosteward.serve.connections import Asked, Reply

FORMATS = ("text", "json", "off")
MOST_WAITING = 10_000  # lines
MOST_TROUBLES = 20  # a second
_LONGEST_PATH = 200  # characters
_PAUSE = 0.05  # seconds, where the other end takes nothing now
_LAST_WORDS = 1.0  # seconds for what waits at the end

_Line = Union[Exchange, Trouble, None]


class AccessLog:
    """A log.

    Args:
        file: not buffered, as a thread that is stuck in a buffer's lock would keep the process from ending; None for nowhere.
        form: one of FORMATS.

    Attributes:
        left_out: lines that were not written, so far.
    """

    def __init__(self, file: FileIO | None, form: str) -> None:
        self._file, self._shown = file, _as_json if form == "json" else _as_text
        self._lines: queue.SimpleQueue[_Line] = queue.SimpleQueue()
        self.left_out = self._troubles = 0
        self._second = 0
        self._thread: threading.Thread | None = None
        if file is not None and form != "off":
            self._thread = threading.Thread(target=self._work, daemon=True, name="log")
            self._thread.start()

    def exchange(self, line: Exchange) -> None:
        """Write a request down, soon."""
        self._put(line)

    def trouble(self, line: Trouble) -> None:
        """Write a trouble down, soon, unless there are too many of them. From any thread."""
        if int(line.at) != self._second:
            self._second, self._troubles = int(line.at), 0
        self._troubles += 1
        if self._troubles <= MOST_TROUBLES:
            self._put(line)
        else:
            self.left_out += 1

    def close(self) -> None:
        """Write what waits, if that does not take long."""
        if self._thread is not None:
            self._lines.put(None)
            self._thread.join(_LAST_WORDS)

    def _put(self, line: Exchange | Trouble) -> None:
        if self._thread is None:
            return
        if self._lines.qsize() >= MOST_WAITING:
            self.left_out += 1
        else:
            self._lines.put(line)

    def _work(self) -> None:
        told = 0
        while True:
            line = self._lines.get()
            if line is None:
                return
            text = self._shown(line)
            if self.left_out > told:
                missing, told = self.left_out - told, self.left_out
                text += self._shown(Trouble(time.time(), "log", f"{missing} lines were left out"))
            if not self._written(text.encode("utf-8", "backslashreplace")):
                self.left_out += 1

    def _written(self, text: bytes) -> bool:
        rest = memoryview(text)
        while rest:
            try:
                count = self._file.write(rest) if self._file is not None else 0
            except (OSError, ValueError):
                return False
            if count is None:  # a pipe that is full, and not to be waited for
                time.sleep(_PAUSE)
            else:
                rest = rest[count:]
        return True


def stderr() -> FileIO | None:
    """The standard error output, not buffered; None where it is closed."""
    try:
        return open(sys.stderr.fileno(), "wb", buffering=0, closefd=False)
    except (OSError, ValueError, AttributeError):
        return None


def with_hits(
    application: Callable[[Asked], Reply], holds: Callable[[Asked], bool], told: Callable[[Exchange], None]
) -> Callable[[Asked], Reply]:
    """An application that tells of answers from memory, too, which costs as much again as they do.  holds: whether it is one of those."""

    def answered(asked: Asked) -> Reply:
        is_held = holds(asked)
        reply = application(asked)
        if is_held and isinstance(reply, bytes) and reply.startswith(b"HTTP/1.1 200 "):
            path = asked.target.partition(b"?")[0].decode("latin-1")
            told(Exchange(time.time(), "-", asked.client.address, "GET", path, 200, len(reply), 0.0, "memory"))
        return reply

    return answered


def _as_text(line: Exchange | Trouble) -> str:
    if isinstance(line, Trouble):
        return f"{_time(line.at)} trouble {line.kind} {visible(line.text)}\n"
    place = f"{line.client or '-'} {visible(line.method)} {_path(line.path)}"
    return f"{_time(line.at)} {line.id} {place} {line.status} {line.sent} {line.seconds:.3f} {line.how}\n"


def _as_json(line: Exchange | Trouble) -> str:
    fields: dict[str, object]
    if isinstance(line, Trouble):
        fields = {"time": _time(line.at), "level": "error", "kind": line.kind, "text": visible(line.text)}
    else:
        fields = {
            "time": _time(line.at),
            "level": "info",
            "id": line.id,
            "client": line.client,
            "method": visible(line.method),
        }
        fields.update(
            path=_path(line.path), status=line.status, bytes=line.sent, seconds=round(line.seconds, 6), how=line.how
        )
    return json.dumps(fields) + "\n"


def _path(path: str) -> str:
    """One word: without blanks, without what a terminal would obey, and not too long."""
    shown = visible(path[: _LONGEST_PATH + 1]).replace(" ", "\\x20")
    return shown if len(path) <= _LONGEST_PATH else f"{shown[:_LONGEST_PATH]}..."


def _time(at: float) -> str:
    whole, thousandths = divmod(round(at * 1_000), 1_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{thousandths:03}Z"
