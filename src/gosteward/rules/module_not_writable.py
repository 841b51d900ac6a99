"""GS911: the module's directory is closed to the user: `go build`, `go get` and `go mod tidy` cannot write there."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import SetOwner
from gosteward.finding import Finding, Rule, Text
from gosteward.reasoning.ownership import inside
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot, Workspace

RULE = Rule(
    id="GS911",
    slug="module-not-writable",
    title="this user may not write in the module's directory",
    severity="warning",
    needs=("workspaces",),
    symptoms=(
        "go: updating go.mod: open /home/dev/src/app/go.mod: permission denied",
        "go: open /home/dev/src/app/go.sum: permission denied",
        "open app: permission denied",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for workspace in snapshot.workspaces:
        # Somebody else's sources elsewhere are there to be read.
        own = workspace.current or inside(workspace.root, snapshot.user.home)
        if workspace.go_mod and not workspace.writable and own and snapshot.user.uid != 0:
            yield _finding(snapshot, workspace)


def _finding(snapshot: Snapshot, workspace: Workspace) -> Finding:
    user, foreign = snapshot.user, workspace.uid != snapshot.user.uid
    name = user.name or f"uid {user.uid}"
    back = foreign and inside(workspace.root, user.home) and user.home != "/"
    actions = (SetOwner(workspace.root, workspace.uid, user.uid, user.gid, tree=True),) if back else ()
    return Finding(
        rule=RULE,
        subject=workspace.root,
        message=Text(
            "{user} may not write in {root}, which belongs to {owner}: `go build`, `go get` and `go mod tidy` cannot leave anything there",
            user=name,
            root=workspace.root,
            owner="root" if workspace.uid == 0 else f"uid {workspace.uid}",
        )
        if foreign
        else Text(
            "{user} owns {root} but has no permission to write in it: `go build`, `go get` and `go mod tidy` cannot leave anything there",
            user=name,
            root=workspace.root,
        ),
        locations=(Location(workspace.root),),
        evidence=(f"ls -ld {quote(workspace.root)}",),
        # Whoever told git to trust the repository works in it knowingly.
        severity="note" if workspace.vcs and workspace.vcs_uid != user.uid and workspace.safe_directory else "",
        # A volume of a container may have to stay with its owner, and git's own rule about owners is GS905's subject.
        confidence="high" if workspace.uid == 0 and not (workspace.vcs and workspace.vcs_uid != user.uid) else "medium",
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text(
            "It was cloned or written as another user, mostly by `sudo git clone` or from a container. Give it back to {user}, or build with `go build -o` to a place that is open.",
            user=name,
        )
        if foreign
        else Text(
            "Build with `go build -o` to a place that is open, or give the directory its write permission back: `chmod u+w` for it alone."
        ),
    )
