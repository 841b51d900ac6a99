"""Whether a tree is the release that the public log names: all its files at once by h1, and each of them by a list that proves itself.

1. The h1 that the log names: by the proof in our record, which needs no network, else by asking.
2. The h1 of the tree's module form. If both are equal, every file of it is right.
3. If they differ, go.env may be all: distributions and images change it. Else a list of files says which ones differ.
4. What no h1 covers: modes by cmd/distpack's rule, files that no release has, and api, doc, misc and test by the list that was kept.
"""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Text
from gosteward.golang import tree_comparison
from gosteward.golang.distribution import Entry, module_h1
from gosteward.golang.installed_trees import listing_of
from gosteward.golang.tree_comparison import GO_ENV, Difference
from gosteward.host.descriptors import read_all
from gosteward.host.writing import READING
from gosteward.redaction import without_secrets
from gosteward.toolchains.installed import goroots, tree_reading
from gosteward.toolchains.verifying import manifests
from gosteward.toolchains.verifying.checks import FAILED, NOTE, OK, UNJUDGED, Check
from gosteward.toolchains.verifying.logged_release import logged_release

if TYPE_CHECKING:
    from gosteward.golang.tree_comparison import Parts
    from gosteward.host.local import LocalHost
    from gosteward.snapshot import User
    from gosteward.toolchains.installed.goroots import Goroot
    from gosteward.toolchains.installed.tree_reading import Tree
    from gosteward.toolchains.origins.web import Web
    from gosteward.toolchains.proving.transparency import Log
    from gosteward.toolchains.verifying.manifests import Release

UNLOGGED = ("api/", "doc/", "misc/", "test/")
GO_ENV_LIMIT = 1 << 16
MOST_LINES = 20
LONGEST_LINE = 200


class Asking(NamedTuple):
    """Whom to ask.  user: of this process."""

    host: LocalHost
    user: User
    web: Web
    log: Log


class _Facts(NamedTuple):
    """What was found in a tree.  listing: bytes of the kept list, None without one."""

    goroot: Goroot
    tree: Tree
    parts: Parts
    listing: bytes | None
    asking: Asking

    def package(self) -> str:
        """The package that put the tree there, "" if none did."""
        return goroots.owner_of(self.asking.host, self.goroot)


def judged(goroot: Goroot, asking: Asking) -> tuple[Tree, tuple[Check, ...]]:
    """Read the whole tree, and judge every file. Raises OSError: its directory cannot be read."""
    listing = manifests.kept_listing(asking.host, goroot)
    tree = tree_reading.read(goroot.path, () if listing is not None else UNLOGGED)
    if tree.cut:
        text = Text("this is no tree of a release: {reason}", reason=tree.cut)
        return tree, (Check("files", FAILED, text),)
    entries, twins = tree_comparison.without_twins(tree.entries)
    parts = tree_comparison.parts_of(entries, goroot.version, goroot.platform)
    facts = _Facts(goroot, tree, parts, listing, asking)
    logged = logged_release(goroot, asking.log)
    files = _files(facts, logged.release) if logged.release is not None else []
    checks = (*logged.checks, *files)
    # A distribution has its own files and modes.
    foreign = any(c.status == UNJUDGED for c in files) or (logged.release is None and facts.package())
    if foreign or not logged.possible:
        return tree, checks
    modes = _modes(facts, twins or goroot.in_module_cache)
    files_right = any(check.status == OK for check in files)
    return tree, (*checks, modes, *_others(facts, logged.release, files_right=files_right))


def _files(facts: _Facts, release: Release) -> list[Check]:
    """Every file that the log covers."""
    module, platform = facts.parts.module, release.platform.module
    foreign = _foreign(facts)
    count = len(module)
    whole = Text(
        "all {count} files that the log covers are those of {version}", count=str(count), version=release.version
    )
    but_one = Text("all {count} files but go.env are those of {version}", count=str(count - 1), version=release.version)
    if module_h1(module, release.version, platform) == release.h1:
        return [_verdict(_right(whole, count), foreign)]
    changed = _go_env(facts)
    if changed is not None and tree_comparison.equals_but_for_go_env(
        module, changed.text, release.version, platform, release.h1
    ):
        return _with_go_env(_right(but_one, count - 1), foreign, changed)
    wanted = _manifest(facts, release)
    if not wanted:
        return [_unnamed(facts, release, foreign)]
    differences = tree_comparison.compared(module, wanted)
    if changed is not None and Difference(GO_ENV, "changed") in differences:
        rest = tuple(d for d in differences if d.name != GO_ENV)
        return _with_go_env(_right(but_one, count - 1), _sorted(rest, foreign), changed)
    return [_verdict(_right(whole, count), _sorted(differences, foreign))]


def _right(text: Text, count: int) -> Check:
    return Check("files", OK, text, total=count)


def _sorted(differences: tuple[Difference, ...], foreign: tuple[Difference, ...]) -> tuple[Difference, ...]:
    """Both; what is a link, say, instead of a file or a directory, is not missing as well."""
    strange = {d.name for d in foreign}
    below = tuple(f"{name}/" for name in strange)
    rest = (d for d in differences if d.name not in strange and not (d.what == "missing" and d.name.startswith(below)))
    return tuple(sorted((*rest, *foreign)))


def _foreign(facts: _Facts) -> tuple[Difference, ...]:
    """What no release has, wherever it lies."""
    found = [Difference(entry.name, "extra") for entry in facts.parts.extra]
    found += [Difference(odd.name, odd.kind) for odd in facts.tree.odd]
    return tuple(sorted(found))


def _verdict(right: Check, wrong: tuple[Difference, ...]) -> Check:
    if not wrong:
        return right
    if all(d.what == "unreadable" for d in wrong):
        return _unreadable(wrong)
    text = Text("files that differ from the release: {count}", count=str(len(wrong)))
    only_extra = all(d.what == "extra" for d in wrong)
    remedy = "remove what does not belong there" if only_extra else "do not use this tree: install the release anew"
    return Check("files", FAILED, text, remedy=Text(remedy)).naming(wrong)


def _unreadable(wrong: tuple[Difference, ...]) -> Check:
    text = Text("files and directories that cannot be read: {count}", count=str(len(wrong)))
    return Check("files", UNJUDGED, text, remedy=Text("run it as a user who may read them")).naming(wrong)


def _unnamed(facts: _Facts, release: Release, foreign: tuple[Difference, ...]) -> Check:
    """The h1 differs, and no list of files can be had."""
    package = facts.package()
    if package:
        text = Text(
            "package {package} put it there: a distribution builds Go itself, so its files are not those of the log",
            package=package,
        )
        remedy = Text("its package manager can verify it: `dpkg -V`, `rpm -V`, `apk audit` or `pacman -Qkk`")
        return Check("files", UNJUDGED, text, remedy=remedy)
    closed = tuple(d for d in foreign if d.what == "unreadable")
    if closed:
        return _unreadable(closed)
    found = module_h1(facts.parts.module, release.version, release.platform.module)
    text = Text(
        "its files have {found}, and the log names {h1}; which of them differ is not known, as no list of files can be had",
        found=found,
        h1=release.h1,
    )
    remedy = Text("run it where the module proxy answers, to learn the names of the files")
    return Check("files", FAILED, text, remedy=remedy).naming(foreign)


def _manifest(facts: _Facts, release: Release) -> tuple[Entry, ...]:
    """The module form of the release, proved; () if it cannot be had."""
    platform = release.platform.module
    listed = manifests.parsed_listing(facts.listing or b"")
    if listed and manifests.proves_itself(listed, release):
        return tree_comparison.parts_of(listed, release.version, platform).module
    asking = facts.asking
    if facts.package():
        return ()
    return manifests.of_zips(release, asking.host, asking.user, asking.web)


class _GoEnv(NamedTuple):
    text: str
    shown: bool


def _go_env(facts: _Facts) -> _GoEnv | None:
    """GOROOT/go.env, if it is what was hashed. It is shown only if its owner is the tree's: it may be a link to another file of root's."""
    entry = next((e for e in facts.parts.module if e.name == GO_ENV), None)
    if entry is None:
        return None
    try:
        descriptor = os.open(f"{facts.goroot.path}/{GO_ENV}", READING)
        try:
            status = os.fstat(descriptor)
            content = read_all(descriptor, status.st_size, GO_ENV_LIMIT) if stat.S_ISREG(status.st_mode) else b""
        finally:
            os.close(descriptor)
    except OSError:
        return None
    if sha256(content).hexdigest() != entry.sha256:
        return None
    return _GoEnv(content.decode("utf-8", "surrogateescape"), status.st_uid == os.stat(facts.goroot.path).st_uid)


def _with_go_env(right: Check, wrong: tuple[Difference, ...], changed: _GoEnv) -> list[Check]:
    lines = tree_comparison.own_settings(changed.text)[:MOST_LINES] if changed.shown else ()
    shown = tuple(without_secrets(line)[:LONGEST_LINE] for line in lines)
    if tree_comparison.is_benign(changed.text):
        text = Text("go.env was changed, as distributions and images do: it turns off no verification")
        return [_verdict(right, wrong), Check(GO_ENV, NOTE, text, shown)]
    text = Text("go.env sets more than a choice of proxy and toolchain: that changes what every build here does")
    remedy = Text("take these lines out of go.env")
    return [_verdict(right, wrong), Check(GO_ENV, FAILED, text, shown, remedy=remedy)]


def _modes(facts: _Facts, cached: bool) -> Check:
    entries = (*facts.parts.module, *facts.parts.others)
    if cached and not any(e.mode & 0o111 for e in entries if e.name.startswith("bin/")):
        text = Text("no program is executable yet: go does that when it first switches to this tree")
        return Check("modes", NOTE, text)
    wrong = tree_comparison.wrong_modes(entries, module_cache=cached)
    if not wrong:
        return Check("modes", OK, Text("all programs can be run by those who may read them"))
    text = Text("files with other permissions than in the release: {count}", count=str(len(wrong)))
    remedy = Text("give them the modes of the release: 0755 for programs and scripts, 0644 for others")
    return Check("modes", FAILED, text, remedy=remedy).naming(wrong)


def _others(facts: _Facts, release: Release | None, *, files_right: bool) -> list[Check]:
    """What the log does not cover, by the list that was kept when the tree was installed; without the log, all of it."""
    others, platform = facts.parts.others, facts.goroot.platform
    if facts.listing is None:
        text = Text("files of api, doc, misc and test, which the log does not cover: {count}", count=str(len(others)))
        return [Check("others", NOTE, text)] if others else []
    as_listed = listing_of(facts.tree.entries) == facts.listing
    right = Check("others", OK, Text("no file and no permission has changed since the installation"))
    if as_listed and files_right:
        return [right]
    listed = manifests.parsed_listing(facts.listing)
    if not listed or (release is not None and not manifests.proves_itself(listed, release)):
        return [Check("others", FAILED, Text("somebody changed the list of files that was kept at the installation"))]
    if as_listed:
        return [right]
    known = tree_comparison.parts_of(listed, facts.goroot.version, platform)
    differences = tree_comparison.compared(others, known.others)
    if release is None:
        differences = tree_comparison.compared((*facts.parts.module, *others), (*known.module, *known.others))
        differences = _sorted(differences, _foreign(facts))
    if not differences:
        return []
    text = Text("files that changed since the installation: {count}", count=str(len(differences)))
    return [Check("others", FAILED, text).naming(differences)]
