"""GS904: vendor/modules.txt does not fit go.mod, so go refuses to build."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

from gosteward import actions
from gosteward.finding import Explains, Finding, Rule, Text
from gosteward.golang import goversion
from gosteward.golang.proxyurls import DEFAULT_PROXY
from gosteward.reasoning.modules_in_use import builds_from_vendor, looks_into_vendor
from gosteward.reasoning.ownership import inside
from gosteward.reasoning.running_go import running_go_of
from gosteward.reasoning.settings_in_force import privately, sessions, value_in
from gosteward.reasoning.viewpoint import places_of_user
from gosteward.snapshot import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.actions import Action
    from gosteward.snapshot import Context, Snapshot, Vendor, Workspace

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
FIRST_THAT_WRITES_ELSEWHERE = "go1.18rc1"
# What go, and the git and TLS that it uses, look at.
_PASSED = (
    "GO",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "SSL_CERT_",
    "GIT_",
    "XDG_",
    "NETRC",
    "HOME",
    "PATH",
)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for workspace in snapshot.workspaces:
        vendor = workspace.vendor
        if vendor is not None and vendor.differences and builds_from_vendor(snapshot, workspace):
            yield _finding(snapshot, workspace, vendor)
        elif vendor is not None and not vendor.modules_txt and _is_missed(snapshot, workspace):
            yield _without_list(workspace, vendor)


def _finding(snapshot: Snapshot, workspace: Workspace, vendor: Vendor) -> Finding:
    module, _, _ = vendor.differences[0]
    listing = f"{vendor.path}/modules.txt"
    line = next((r.location for r in workspace.requirements if r.path == module), None)
    # `go mod vendor` writes no sums of modules that go.sum does not know yet.
    sums = any(r.imported and not r.summed for r in workspace.requirements)
    tidy = "go mod tidy && " if sums else ""
    repair = _actions(snapshot, workspace, sums=sums)
    return Finding(
        rule=RULE,
        subject=workspace.root,
        message=_message(workspace, vendor, listing),
        locations=(line or Location(workspace.go_mod), Location(listing)),
        evidence=(f"grep -n {quote(module)} {quote(workspace.go_mod)} {quote(listing)}",),
        explains=(Explains("GS908", workspace.root),),
        risk="confirm" if repair else "manual",
        actions=repair,
        commands=() if repair else (f"cd {quote(workspace.root)} && {tidy}go mod vendor",),
        advice=Text(
            "go.mod was changed and vendor/ was not brought up to date, or the other way round. Who maintains the module runs `go mod vendor` and commits both; who only builds it may use -mod=mod for one command. Keep vendor/: an offline build needs it."
        ),
    )


def _actions(snapshot: Snapshot, workspace: Workspace, *, sums: bool) -> tuple[Action, ...]:
    """The directory anew, by the go of the user's sessions; a module that somebody left in their home is given back first."""
    context, go = _go(snapshot)
    if context is None or not _at_hand(snapshot, context, workspace):
        return ()
    user = snapshot.user
    owner: tuple[Action, ...] = ()
    if not workspace.writable:
        if workspace.uid == user.uid or not inside(workspace.root, user.home):
            return ()
        owner = (actions.SetOwner(workspace.root, workspace.uid, user.uid, user.gid, tree=True),)
    return (*owner, actions.Vendor(workspace.root, go, _environment(snapshot, context, workspace), sums))


def _go(snapshot: Snapshot) -> tuple[Context | None, str]:
    """A session with a go that can write the directory elsewhere than in its place, and that go."""
    for context in sessions(snapshot):
        running = running_go_of(snapshot, context)
        if running is not None and not goversion.older(running.version or "go1", FIRST_THAT_WRITES_ELSEWHERE):
            return context, running.go.path
    return None, ""


def _at_hand(snapshot: Snapshot, context: Context, workspace: Workspace) -> bool:
    """Whether go has the modules, or somebody whom it may ask for them."""
    served = any(c.kind == "goproxy" and c.ok and context.name in c.contexts for c in snapshot.network)
    return served or _all_cached(workspace)


def _all_cached(workspace: Workspace) -> bool:
    return all(r.cached for r in workspace.requirements if r.imported or not r.indirect)


def _environment(snapshot: Snapshot, context: Context, workspace: Workspace) -> tuple[str, ...]:
    """Variables of a session. The module cache is only read, as if it were a proxy: what go fetches besides is not kept."""
    found = {v.name: v.value for v in context.variables if v.exported and v.name.upper().startswith(_PASSED)}
    found["PATH"] = ":".join(e.directory for e in context.search_path if e.directory.startswith("/"))
    found.setdefault("HOME", snapshot.user.home)
    flags = re.sub(r"-mod=\w*", "-mod=mod", value_in(snapshot, context, "GOFLAGS"))
    found["GOFLAGS"] = f"{flags} -modcacherw".strip()
    places = places_of_user(snapshot, "GOMODCACHE")
    cache = next((p.path for p in places if not p.contexts or context.name in p.contexts), "")
    private = privately(snapshot, context, "GONOPROXY")
    if re.fullmatch(r"/[^,|%?#\s]*", cache) and (not private or _all_cached(workspace)):
        proxies = "" if private else f",{value_in(snapshot, context, 'GOPROXY', DEFAULT_PROXY)}"
        found["GOPROXY"] = f"file://{cache.rstrip('/')}/cache/download{proxies}"
        # Paths that no proxy may be asked for are in the cache.
        found["GONOPROXY"] = "none"
    return tuple(f"{name}={value}" for name, value in found.items())


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
