"""Verify a toolchain: every file against the release that the public log names, then whether it works, then who finds it.

As root nothing of a tree is run that somebody else could have changed, or whose files are not those of the release.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.finding import Text
from gosteward.golang.installed_trees import CURRENT
from gosteward.host import accounts
from gosteward.toolchains.installed import goroots, tree_reading
from gosteward.toolchains.installed.switching import installed_as
from gosteward.toolchains.origins.web import Web
from gosteward.toolchains.verifying import authenticity
from gosteward.toolchains.verifying.authenticity import Asking
from gosteward.toolchains.verifying.checks import FAILED, UNJUDGED, Check, Verified
from gosteward.toolchains.verifying.manifests import trusted_log

if TYPE_CHECKING:
    from gosteward.host.local import LocalHost
    from gosteward.snapshot import Snapshot, User
    from gosteward.toolchains.installed.goroots import Goroot
    from gosteward.toolchains.installed.tree_reading import Tree
    from gosteward.toolchains.proving.transparency import Log
    from gosteward.toolchains.source_builds.make_log import Say

MOST_LINKS = 100


class Wanted(NamedTuple):
    """What to verify.

    Attributes:
        goroot: path, or version of one of our trees; "" for the one in use.   root: where our trees are.   files_only: run nothing, and start no shell.
        log: whom to ask, None for `manifests.trusted_log`.
        rebuild: build its release, too, and compare; it is told what is going on. None: do not.
    """

    goroot: str = ""
    root: str = ""
    offline: bool = False
    files_only: bool = False
    log: Log | None = None
    rebuild: Say | None = None


def verify(wanted: Wanted, host: LocalHost) -> Verified:
    """Verify one tree.

    Raises:
        UsageError: there is no such tree, or none is in use.   OSError: its directory cannot be read.
    """
    from gosteward.toolchains.verifying import views  # here, as --files-only of a named tree needs none of it

    snapshot = None
    path = _named(wanted, host) if wanted.goroot else _current(wanted, host)
    if not path:
        snapshot = _looked()
        path = views.in_use(snapshot)
    if not path:
        raise UsageError("no go is in use", subject=snapshot.user.name if snapshot else "", hint="name a GOROOT")
    goroot = goroots.goroot_at(host, path)
    user = accounts.user_with_id(host, os.geteuid())
    web = Web(host, user, offline=wanted.offline)
    asking = Asking(host, user, web, wanted.log or trusted_log(host, user, web))
    tree, checks = authenticity.judged(goroot, asking)
    if wanted.rebuild is not None:
        checks += (_rebuilt(goroot, wanted, host, user),)
    if not wanted.files_only:
        checks += _run(goroot, tree, checks, host)
        checks += (views.seen_by(snapshot or _looked(), goroot.path),)
    return Verified(goroot.version, goroot.path, goroot.platform, checks)


def _rebuilt(goroot: Goroot, wanted: Wanted, host: LocalHost, user: User) -> Check:
    # Here, as it is seldom asked for.
    from gosteward.toolchains.obtaining.acquiring import keeping_of
    from gosteward.toolchains.source_builds.rebuilding import Rebuilding

    keeping = keeping_of(host, user.home)
    say = wanted.rebuild or (lambda _: None)
    return Rebuilding(host, user, keeping, root=wanted.root, offline=wanted.offline, say=say).check(goroot)


def _named(wanted: Wanted, host: LocalHost) -> str:
    path = os.path.abspath(wanted.goroot)
    if "/" in wanted.goroot or host.is_directory(path):
        return path
    return installed_as(wanted.goroot, host, wanted.root).tree


def _current(wanted: Wanted, host: LocalHost) -> str:
    path = f"{wanted.root}/{CURRENT}"
    return path if wanted.root and host.is_directory(path) else ""


def _looked() -> Snapshot:
    from gosteward.examination import Request, snapshot_of

    return snapshot_of(Request(offline=True))[0]


def _run(goroot: Goroot, tree: Tree, checks: tuple[Check, ...], host: LocalHost) -> tuple[Check, ...]:
    from gosteward.probes import machine
    from gosteward.reasoning.viewpoint import runnable_architectures
    from gosteward.toolchains.verifying import trials

    user = accounts.invoking_user(host)
    facts, _ = machine.collect(host, user)
    goarch = goroot.platform.rpartition("-")[2]
    runnable = {*runnable_architectures(facts.kernel_goarch, facts.userland_goarch), facts.userland_goarch}
    if goroot.platform and (not goroot.platform.startswith("linux-") or goarch not in runnable):
        here = f"linux-{facts.userland_goarch}"
        text = Text("not run: it is for {platform}, and this host is {here}", platform=goroot.platform, here=here)
        return (Check("version", UNJUDGED, text),)
    refusal = _refusal(goroot, tree, checks) if user.uid == 0 else None
    if refusal is not None:
        return (Check("version", UNJUDGED, refusal, remedy=Text("run it as the user whose tree it is")),)
    return trials.tried(goroot, trials.runner_for(host, user), host)


def _refusal(goroot: Goroot, tree: Tree, checks: tuple[Check, ...]) -> Text | None:
    """Why root does not run this go; None if it may."""
    if any(check.status == FAILED and check.name in ("files", "go.env", "others") for check in checks):
        return Text("not run as root: its files are not those of the release")
    writable = _others_write(goroot, tree)
    if writable:
        return Text("not run as root: it is not sure that nobody else may change {path}", path=writable)
    return None


def _others_write(goroot: Goroot, tree: Tree) -> str:
    """A place where somebody else than root may change what go would run or read, behind links of the tree, too; "" if there is none."""
    if tree.others_write or tree.cut:
        return os.path.normpath(f"{goroot.path}/{tree.others_write}")
    above = tree_reading.others_above(goroot.path)
    if above or len(tree.odd) > MOST_LINKS:
        return above or goroot.path
    for odd in tree.odd:
        place = f"{goroot.path}/{odd.name}"
        writable = _behind(os.path.realpath(place), goroot.path) if odd.kind == "link" else place
        if writable:
            return writable
    return ""


def _behind(real: str, goroot: str) -> str:
    if real.startswith(f"{goroot}/") or not os.path.exists(real):
        return ""
    above = tree_reading.others_above(f"{real}/x")
    if above or not os.path.isdir(real):
        return above
    found = tree_reading.read(real, ("",))
    inner = found.others_write or (found.odd[0].name if found.odd else "")
    return os.path.normpath(f"{real}/{inner}") if inner else ""
