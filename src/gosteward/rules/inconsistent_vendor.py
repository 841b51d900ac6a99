"""GS904: vendor/modules.txt does not fit go.mod, so go refuses to build."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.reasoning.modules_in_use import builds_from_vendor, looks_into_vendor
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.snapshot import Snapshot, Vendor, Workspace

RULE = Rule(
    id="GS904",
    slug="inconsistent-vendor",
    title="vendor/ does not fit go.mod",
    severity="error",
    needs=("workspaces", "go_settings"),
    symptoms=(
        "go: inconsistent vendoring in /home/dev/src/app:",
        "is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt",
        "is marked as explicit in vendor/modules.txt, but not explicitly required in go.mod",
    ),
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for workspace in snapshot.workspaces:
        vendor = workspace.vendor
        if vendor is not None and vendor.differences and builds_from_vendor(snapshot, workspace):
            yield _finding(workspace, vendor)
        elif vendor is not None and not vendor.modules_txt and _is_missed(snapshot, workspace):
            yield _without_list(workspace, vendor)


def _finding(workspace: Workspace, vendor: Vendor) -> Finding:
    module, _, _ = vendor.differences[0]
    listing = f"{vendor.path}/modules.txt"
    line = next((r.location for r in workspace.requirements if r.path == module), None)
    # `go mod vendor` writes no sums of modules that go.sum does not know yet.
    sums = any(r.imported and not r.summed for r in workspace.requirements)
    tidy = "go mod tidy && " if sums else ""
    return Finding(
        rule=RULE,
        subject=workspace.root,
        message=_message(workspace, vendor, listing),
        locations=(line or Location(workspace.go_mod), Location(listing)),
        evidence=(f"grep -n {quote(module)} {quote(workspace.go_mod)} {quote(listing)}",),
        explains=(Explains("GS908", workspace.root),),
        risk="confirm",
        commands=(f"cd {quote(workspace.root)} && {tidy}go mod vendor",),
        advice=Text(
            "go.mod was changed and vendor/ was not brought up to date, or the other way round. Who maintains the module runs `go mod vendor` and commits both; who only builds it may use -mod=mod for one command. Keep vendor/: an offline build needs it."
        ),
    )


def _is_missed(snapshot: Snapshot, workspace: Workspace) -> bool:
    return bool(workspace.requirements) and looks_into_vendor(snapshot, workspace)


def _without_list(workspace: Workspace, vendor: Vendor) -> Finding:
    return Finding(
        rule=RULE,
        subject=workspace.root,
        message=Text(
            "{vendor} has no modules.txt: go takes it for the vendor directory all the same, misses every requirement of {go_mod} in it, and refuses to build",
            vendor=vendor.path,
            go_mod=workspace.go_mod,
        ),
        locations=(Location(vendor.path), Location(workspace.go_mod)),
        evidence=(f"ls -l {quote(f'{vendor.path}/modules.txt')}",),
        explains=(Explains("GS908", workspace.root),),
        # `go mod vendor` writes the directory anew, and what another program keeps in it would be gone.
        advice=Text(
            "If go made the directory, bring modules.txt back from version control, or run `go mod vendor`, which writes the whole directory anew. If another program keeps its files there (PHP, Ruby), give it another name, or build with -mod=mod."
        ),
    )


def _message(workspace: Workspace, vendor: Vendor, listing: str) -> Text:
    module, wanted, found = vendor.differences[0]
    return Text(
        "{listing} is inconsistent with {go_mod}: {module} is {wanted} in go.mod and {found} in vendor; go refuses to build {root}",
        listing=listing,
        go_mod=workspace.go_mod,
        module=module,
        wanted=wanted or "not required",
        found=found or "not listed",
        root=workspace.root,
    )
