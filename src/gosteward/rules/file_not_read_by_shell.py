"""GS107: the PATH line is in a file that the user's shell never reads (~/.bashrc of a zsh user)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gosteward.actions import ReplaceLink
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning import remedies
from gosteward.reasoning.obstacles import claims, severity_of, unread_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.reasoning.obstacles import Obstacle
    from gosteward.snapshot import Snapshot

RULE = Rule(
    id="GS107",
    slug="file-not-read-by-shell",
    title="the PATH line is in a file that the shell does not read",
    severity="error",
    needs=("contexts", "startup_files", "toolchains"),
    symptoms=("zsh: command not found: go", "fish: Unknown command: go"),
)

_PUT_ASIDE = re.compile(r"[.~]|[_-](?:bak|backup|old|orig|off|no|disabled?)\d*$", re.IGNORECASE)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for obstacle in unread_files(snapshot):
        yield _finding(snapshot, obstacle)


def _finding(snapshot: Snapshot, obstacle: Obstacle) -> Finding:
    line = obstacle.location
    shell = snapshot.user.shell.rpartition("/")[2] or "sh"
    passed_over = line.path.startswith("/etc/profile.d/") and not line.path.endswith(".sh")
    of_posix = shell in ("bash", "sh", "dash", "ash", "ksh", "mksh")
    # Links reach terminals too, which do not read /etc/profile.
    actions = remedies.links(snapshot, remedies.contexts_named(snapshot, obstacle.contexts)) or (
        _under_right_name(snapshot, line.path) if passed_over and of_posix else ()
    )
    actions = actions or remedies.best(snapshot, obstacle.contexts, obstacle.directory)
    return Finding(
        rule=RULE,
        subject=line.path,
        message=_message(snapshot, obstacle, shell, passed_over=passed_over),
        locations=(line, *obstacle.also),
        evidence=(f"getent passwd {snapshot.user.name or snapshot.user.uid}",),
        contexts=obstacle.contexts,
        severity=severity_of(snapshot, obstacle.contexts),
        explains=(*claims(snapshot, obstacle.contexts), Explains("GS127")),
        risk=remedies.risk(actions),
        actions=actions,
        advice=_advice(shell),
    )


def _under_right_name(snapshot: Snapshot, path: str) -> tuple[Action, ...]:
    """A link beside the file, by whose name /etc/profile reads it; not for a file that somebody put out of use by its name."""
    right = f"{path}.sh"
    if _PUT_ASIDE.search(path.rpartition("/")[2]) or any(f.path == right for f in snapshot.startup_files):
        return ()
    return (ReplaceLink(right, path.rpartition("/")[2]),)


def _message(snapshot: Snapshot, obstacle: Obstacle, shell: str, *, passed_over: bool) -> Text:
    values = {"file": obstacle.location.path, "directory": obstacle.directory}
    if passed_over:
        return Text(
            "{file} adds {directory} to PATH, but /etc/profile reads only those files of /etc/profile.d whose names end in .sh",
            **values,
        )
    user = snapshot.user.name or "this user"
    return Text(
        "{file} adds {directory} to PATH; {shell}, the login shell of {user}, does not read {file}",
        shell=shell,
        user=user,
        **values,
    )


def _advice(shell: str) -> Text:
    if shell == "zsh":
        return Text(
            "zsh reads ~/.zshenv in every context; it reads neither ~/.bashrc nor ~/.profile, and on Debian no /etc/profile. Give it one line of its own; do not let it read the file of another shell."
        )
    if shell == "fish":
        return Text(
            "fish reads ~/.config/fish/config.fish in every context and no file of another shell. Use `fish_add_path --global`: it changes nothing outside of that file."
        )
    return Text(
        "Give the shell the line in a file that it reads, or make links in /usr/local/bin, which need no file at all."
    )
