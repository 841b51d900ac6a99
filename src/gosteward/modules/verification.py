"""Whether a file that came is what it should be, before it is kept or its end is sent. Blocking."""

from __future__ import annotations

import json
import os
import re
from hashlib import sha256
from typing import TYPE_CHECKING

from gosteward.errors import StewardError
from gosteward.formats.zip_members import ArchiveError
from gosteward.golang import cached_names, dirhash, gomod
from gosteward.host.inflating import engine_of
from gosteward.modules import zip_contents
from gosteward.modules.answers import BAD_GATEWAY, Refusal

if TYPE_CHECKING:
    from gosteward.modules.expected_hashes import Hashes
    from gosteward.modules.requests import ModuleRequest

MOST_INFO = 1 << 16
_MODULE_LINE = re.compile(rb"^(?:\xef\xbb\xbf)?[ \t]*module[ \t(]", re.MULTILINE)
LIMITS = {"info": MOST_INFO, "mod": zip_contents.MOST_SMALL, "zip": zip_contents.MOST_BYTES}


def problem_with(
    request: ModuleRequest, descriptor: int, hashes: Hashes, *, first_counts: bool = True
) -> Refusal | None:
    """Why a whole file is not the one that was asked for; None if it is.

    Args:
        request: for a canonical version.   descriptor: of the file.   first_counts: of what no hash is known, this one may be the first.
    Raises:
        OSError: it cannot be read, or the first hash cannot be recorded.
    """
    if request.kind == "info":
        return _problem_with_info(request, os.pread(descriptor, MOST_INFO, 0))
    try:
        found = h1_of(request, descriptor)
        expected = hashes.expected(request.module, request.version)
    except ArchiveError as error:
        return Refusal(BAD_GATEWAY, f"{request.named}: what came is no zip of a module: {error}")
    except StewardError as error:
        return Refusal(BAD_GATEWAY, f"{request.named} cannot be verified: {error}", undecided=True)
    wanted = expected.zip_h1 if request.kind == "zip" else expected.mod_h1
    if not wanted and not first_counts:
        return Refusal(BAD_GATEWAY, f"{request.named}: nobody knows the hash of its {request.kind}", undecided=True)
    if not wanted and request.kind == "mod" and not _MODULE_LINE.search(os.pread(descriptor, MOST_INFO, 0)):
        return Refusal(BAD_GATEWAY, f"{request.named}: what came is no go.mod: no line of it names a module")
    if not wanted:
        wanted = hashes.record(request.module, request.version, request.kind, found)
    if found == wanted:
        return None
    what = "zip" if request.kind == "zip" else "go.mod"
    return Refusal(
        BAD_GATEWAY, f"{request.named}: SECURITY ERROR: its {what} has {found}, and {expected.by} says {wanted}"
    )


def _problem_with_info(request: ModuleRequest, content: bytes) -> Refusal | None:
    stated = cached_names.stated_version(content)
    if stated == request.version:
        return None
    what = f"it names version {stated[:100]}" if stated else "it names no version"
    return Refusal(BAD_GATEWAY, f"{request.named}: what came is not its .info: {what}")


def names_a_version(content: bytes) -> bool:
    """Whether an answer to a query (a branch, @latest) is one. Source: cmd/go/internal/modfetch (`RevInfo`)."""
    try:
        stated = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(stated, dict) and gomod.is_version(str(stated.get("Version", "")))


def lists_versions(content: bytes) -> bool:
    """Whether an answer is a list: without a version only if it is empty. Source: cmd/go/internal/modfetch (`proxyRepo.Versions`)."""
    lines = content.decode("utf-8", "replace").split("\n")
    return not content.strip() or any(gomod.is_version(line.split()[0]) for line in lines if line.strip())


def h1_of(request: ModuleRequest, descriptor: int) -> str:
    """The h1 of a zip or a go.mod. Raises ArchiveError: it is no zip of this module version.   OSError."""
    if request.kind == "zip":
        return zip_contents.h1_of(descriptor, request.module, request.version, engine_of(""))
    content = os.pread(descriptor, zip_contents.MOST_SMALL + 1, 0)
    return dirhash.of_digests([(b"go.mod", sha256(content).hexdigest())])
