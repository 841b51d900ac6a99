"""GS604: the clock of this host is wrong, so certificates seem expired, or not valid yet."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import NetworkCheck, Snapshot

RULE = Rule(
    id="GS604",
    slug="clock-wrong",
    title="the clock of this host is wrong",
    severity="warning",
    needs=("machine",),
    symptoms=(
        "x509: certificate has expired or is not yet valid: current time 2014-01-01T00:00:00Z is before 2018-01-01T00:00:00Z",
    ),
)
# Files of another time zone, or of an image that was built elsewhere, are some hours ahead; a dead battery is months behind.
FILE_TOLERANCE = 2 * 86_400.0
SERVER_TOLERANCE = 3_600.0


def check(snapshot: Snapshot) -> Iterator[Finding]:
    machine = snapshot.machine
    refused = tuple(c for c in snapshot.network if not c.ok and c.reason in ("expired", "not-yet-valid"))
    server = next((c for c in snapshot.network if abs(c.clock_difference) > SERVER_TOLERANCE), None)
    behind_files = machine.clock > 0 and machine.newest_file - machine.clock > FILE_TOLERANCE
    if server is not None:
        yield _finding(
            refused, _by_server(snapshot, server), evidence=f"Date of {server.host}: {server.clock_difference:+.0f} s"
        )
    elif behind_files:
        yield _finding(refused, _by_files(snapshot), evidence=f"newest file: {_utc(machine.newest_file)}")


def _finding(refused: tuple[NetworkCheck, ...], message: Text, evidence: str) -> Finding:
    return Finding(
        rule=RULE,
        subject="clock",
        message=message,
        evidence=("date -u", evidence),
        contexts=tuple(dict.fromkeys(name for c in refused for name in c.contexts)),
        severity="error" if refused else "",
        explains=(Explains("GS603"), Explains("GS606")),
        commands=("timedatectl set-ntp true",),
        advice=Text(
            "Switch time synchronisation on and wait until `timedatectl` says that it is synchronised; in a container or virtual machine repair the clock of its host."
        ),
    )


def _by_server(snapshot: Snapshot, server: NetworkCheck) -> Text:
    clock = snapshot.machine.clock
    return Text(
        "{host} says it is {theirs}, the clock of this host says {ours}",
        host=server.host,
        theirs=_utc(clock + server.clock_difference),
        ours=_utc(clock),
    )


def _by_files(snapshot: Snapshot) -> Text:
    machine = snapshot.machine
    return Text(
        "the clock says {ours}, but files of the system were written as late as {newest}",
        ours=_utc(machine.clock),
        newest=_utc(machine.newest_file),
    )


def _utc(seconds: float) -> str:
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return "?"
