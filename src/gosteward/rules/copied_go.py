"""GS406: only bin/go was copied somewhere: without its tree beside it, it finds no compiler and no library."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.actions import MoveAside, ReplaceLink
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang import goversion
from gosteward.reasoning.impact import NO_GO_RUNS, suspects
from gosteward.reasoning.link_repair import OF_PACKAGES, installed_at, likeliest, trees_for
from gosteward.reasoning.viewpoint import context_named, tree_at, variable
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.reasoning.impact import Suspect
    from gosteward.snapshot import Binary, Snapshot

RULE = Rule(
    id="GS406",
    slug="copied-go",
    title="go was copied without its tree",
    severity="error",
    needs=("contexts", "toolchains"),
    symptoms=("go: cannot find GOROOT directory: 'go' binary is trimmed and GOROOT is not set",),
)
# Up to 1.20 the official go had this path compiled in, and found its tree there from any place.
COMPILED_IN = "/usr/local/go"
FIRST_WITHOUT_COMPILED_IN = "go1.21rc1"


def check(snapshot: Snapshot) -> Iterator[Finding]:
    def copied(binary: Binary) -> bool:
        return _is_bare_copy(snapshot, binary)

    for suspect in suspects(snapshot, copied):
        if suspect.role == "go" and suspect.impact.contexts and not _led_by_goroot(snapshot, suspect):
            yield _finding(snapshot, suspect)


def _is_bare_copy(snapshot: Snapshot, binary: Binary) -> bool:
    is_go = binary.elf is not None and binary.elf.main_path == "cmd/go"
    if binary.kind != "elf" or binary.goroot or binary.package or not is_go or binary.origin in ("gccgo", "snap"):
        return False
    home = tree_at(snapshot, COMPILED_IN)
    return not (goversion.older(binary.version, FIRST_WITHOUT_COMPILED_IN) and home is not None)


def _led_by_goroot(snapshot: Snapshot, suspect: Suspect) -> bool:
    """Whether every context that finds it exports the GOROOT of an existing tree: odd, but it works."""
    for name in suspect.impact.contexts:
        context = context_named(snapshot, name)
        goroot = variable(context, "GOROOT") if context is not None else None
        if goroot is None or not goroot.exported or tree_at(snapshot, goroot.value.rstrip("/")) is None:
            return False
    return True


def _finding(snapshot: Snapshot, suspect: Suspect) -> Finding:
    go = suspect.binary
    actions = _linked(snapshot, go)
    return Finding(
        rule=RULE,
        subject=go.path,
        message=Text(
            "{path} ({version}) is a lone copy of bin/go: there is no Go tree around it, so it finds no compiler and no library",
            path=go.path,
            version=go.version or "?",
        ),
        locations=(Location(go.path),),
        evidence=(f"ls -ld {quote((go.real_path or go.path).rpartition('/bin/')[0] + '/pkg/tool')}",),
        contexts=suspect.impact.contexts,
        severity=suspect.impact.severity,
        explains=(*NO_GO_RUNS, Explains("GS408"), Explains("GS132"), Explains("GS417")),
        risk="confirm" if actions else "manual",
        actions=actions,
        advice=Text(
            "Make it a link to bin/go of a complete tree: go follows the link and finds the rest. Do not set GOROOT for it."
        ),
    )


def _linked(snapshot: Snapshot, go: Binary) -> tuple[Action, ...]:
    """A link in place of the copy; () where a link leads to the copy already, or a package might own its place."""
    tree = likeliest(trees_for(snapshot, go.path), go.path, go.version)
    if go.links or go.path.startswith(OF_PACKAGES):
        return ()
    if tree is None:
        return installed_at(go.path, (), go.version, "bin/go")
    return (MoveAside(go.path), ReplaceLink(go.path, f"{tree.path}/bin/go"))
