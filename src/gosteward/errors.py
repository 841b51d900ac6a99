"""The error families, and the exit code that each of them ends the program with."""

from __future__ import annotations

HEALTHY = 0
FINDINGS = 1
USAGE = 2
NOT_JUDGED = 3
OUR_BUG = 70
TRY_AGAIN = 75


class StewardError(Exception):
    """Something went wrong that the user can act on.

    Args:
        what: what happened, as a short clause without a full stop.
        subject: the file, user or value that it happened to; "" if there is none.
        hint: what to do next, one sentence; "" if there is nothing to add.
    """

    exit_code = OUR_BUG

    def __init__(self, what: str, *, subject: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.subject = subject
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}: {self.subject}" if self.subject else self.what


class UsageError(StewardError):
    """The command line asks for something that cannot be: an unknown user, rule, file or format."""

    exit_code = USAGE


class DecodeError(StewardError):
    """A file that should hold data of ours (a recorded snapshot) does not."""

    exit_code = USAGE


class PrivilegeError(StewardError):
    """What was asked needs rights that the caller does not have."""

    exit_code = 77


def place_of(error: BaseException) -> str:
    """Where in our own code an exception arose, "gosteward.rules.no_git:31": the innermost line of ours; "?" for one that was not raised."""
    place, trace = "?", error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if place == "?" or module.partition(".")[0] == "gosteward":
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


class BusyError(StewardError):
    """The host is being changed by somebody else, or was changed under us: trying again may help."""

    exit_code = TRY_AGAIN
