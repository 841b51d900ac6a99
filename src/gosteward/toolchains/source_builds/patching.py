"""Patches of somebody's own: read and checked, applied exactly or not at all; and the name of the release that comes of it.

A patched release has a name of its own (go1.26.8-patched.1a2b3c4d), also in VERSION: go strips what is behind the "-" wherever versions are
compared, and its build cache takes the name for the identity of the compiler, so that two different compilers must not share one.

Source: cmd/go/internal/gover, toolchain.go (`FromToolchain`); cmd/go/internal/work, buildid.go (`toolID`); patch(1).
"""

from __future__ import annotations

import os
import re
import shutil
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.golang import patched_names
from gosteward.host.own_directory import OwnDirectory
from gosteward.toolchains.source_builds.make_log import LONGEST_LINE
from gosteward.toolchains.source_builds.workshop import PATH, BuildError, Workshop

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_PATCHES = 100
PATCHABLE = ("src/", "lib/")
_SUFFIX = re.compile(r"[a-z0-9][a-z0-9.]{0,39}", re.ASCII)


class Patch(NamedTuple):
    """A patch.  path: of the file, as given.   sha256: of its content.   names: files that it changes."""

    path: str
    sha256: str
    names: tuple[str, ...]
    content: bytes


def apply(patch: Patch, shop: Workshop, name: str) -> None:
    """Change a tree in a room. Raises BuildError: it does not fit exactly."""
    program = shutil.which("patch", path=PATH)
    if program is None:
        raise BuildError("--patch needs the program patch, which is not installed", hint="install the package patch")
    OwnDirectory(shop.path).put("the.patch", patch.content)
    argv = (
        program, "-u", "-p1", "--forward", "--fuzz=0", "--batch", "--no-backup-if-mismatch", "--reject-file=-", "-i", f"{shop.path}/the.patch",
    )  # fmt: skip
    code, output = shop.run(argv, name)
    if code:
        said = " ".join(output.split())[-LONGEST_LINE:]
        raise BuildError(
            f"the patch does not fit exactly: {said}",
            subject=patch.path,
            hint="make it from the very sources of the release",
        )


def named(version: str, patches: tuple[Patch, ...], suffix: str) -> str:
    """What a release is called when it is built: its own name, or with patches one of its own, "go1.26.8-patched.1a2b3c4d".

    Raises:
        UsageError: a suffix that cannot be, or is for nothing.
    """
    if not patches:
        if suffix:
            raise UsageError("only a patched release has a suffix", subject=suffix, hint="name a patch with --patch")
        return version
    digests = "".join(patch.sha256 for patch in patches)
    suffix = suffix or f"patched.{sha256(digests.encode()).hexdigest()[:8]}"
    if not _SUFFIX.fullmatch(suffix):
        raise UsageError("a suffix has small letters, digits and dots", subject=suffix)
    return f"{version}-{suffix}"


def patches_at(paths: tuple[str, ...], read: Callable[[str, int], bytes]) -> tuple[Patch, ...]:
    """Read patches. Raises UsageError: one of them cannot be used."""
    if len(paths) > MOST_PATCHES:
        raise UsageError(f"more than {MOST_PATCHES} patches")
    found = []
    for path in paths:
        try:
            content = read(os.path.abspath(path), patched_names.SIZE_LIMIT + 1)
        except OSError as error:
            raise UsageError(f"it cannot be read ({error.strerror})", subject=path) from error
        try:
            names = patched_names.names(content.decode("utf-8", "surrogateescape"))
        except UsageError as error:
            raise UsageError(error.what, subject=path, hint=error.hint) from error
        other = next((name for name in names if not name.startswith(PATCHABLE)), "")
        if other:
            raise UsageError(f"the patch changes {other}, and not the sources (src, lib)", subject=path)
        found.append(Patch(path, sha256(content).hexdigest(), names, content))
    return tuple(found)


def renamed(content: str, version: str) -> str:
    """VERSION with another version in it."""
    return f"{version}\n{content.partition(chr(10))[2]}"
