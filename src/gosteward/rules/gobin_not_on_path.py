"""GS127: `go install` put programs into a directory that is on no session's PATH."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning import remedies
from gosteward.reasoning.guarded_lines import in_home
from gosteward.reasoning.jobs import place_of
from gosteward.reasoning.reach import installed_programs, on_path, providers
from gosteward.reasoning.viewpoint import SESSION_KINDS, own_contexts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS127",
    slug="gobin-not-on-path",
    title="programs that go installed are in a directory outside of PATH",
    severity="warning",
    needs=("contexts", "binaries"),
    symptoms=(
        "gopls: command not found",
        "stringer: command not found",
        "protoc-gen-go: program not found or is not executable",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    sessions = own_contexts(snapshot, *SESSION_KINDS)
    names = tuple(c.name for c in sessions)
    for directory, programs in sorted(installed_programs(snapshot).items()):
        if sessions and not any(on_path(c, directory) for c in sessions) and _meant_to_be_found(snapshot, directory):
            yield _finding(snapshot, directory, programs, names)


def _meant_to_be_found(snapshot: Snapshot, directory: str) -> bool:
    """A user's own directory of programs: GOBIN or the bin of a GOPATH, not a tool directory of one project."""
    home = snapshot.user.home
    chosen = {s.value for s in snapshot.go_settings if s.name == "GOBIN"}
    chosen |= {f"{part}/bin" for s in snapshot.go_settings if s.name == "GOPATH" for part in s.value.split(":")}
    return directory == f"{home}/go/bin" or directory in chosen


def _finding(snapshot: Snapshot, directory: str, programs: tuple[str, ...], contexts: tuple[str, ...]) -> Finding:
    lines = providers(snapshot)
    actions = _actions(snapshot, directory)
    return Finding(
        rule=RULE,
        subject=directory,
        message=Text(
            "{programs}: what `go install` put into {directory} is not found by name, because no session has that directory on its PATH",
            programs=", ".join(programs[:5]),
            directory=directory,
        ),
        locations=lines,
        evidence=(f"ls {quote(directory)}", *(f"PATH line: {place_of(line)}" for line in lines[:2])),
        contexts=contexts,
        # Who gave PATH the directory of go alone left this one out by mistake; who has go from the host may call by path.
        confidence="high" if any(line.path.startswith(f"{snapshot.user.home}/") for line in lines) else "medium",
        risk=remedies.risk(actions),
        actions=actions,
        advice=Text(
            "Programs go to GOBIN, or to the directory bin of GOPATH: add {directory} to PATH in a file of the user's own. Do not point GOBIN at a directory of the system.",
            directory=in_home(snapshot, directory),
        ),
    )


def _actions(snapshot: Snapshot, directory: str) -> tuple[Action, ...]:
    contexts = own_contexts(snapshot, *SESSION_KINDS)
    shell = next((c.shell for c in contexts if c.shell), "")
    logins = tuple(c for c in contexts if c.kind in ("login", "ssh-login")) or contexts
    return remedies.line(snapshot, logins if shell == "bash" else contexts, directory)
