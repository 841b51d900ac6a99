"""A file that a word of the command line means: the archive of a release, whatever its name became, or a file that says which Go is wanted."""

from __future__ import annotations

import os
import re
import stat

from gosteward.errors import UsageError
from gosteward.formats.zip_members import LOCAL_HEADER
from gosteward.golang import distribution, platforms, toolchain_names
from gosteward.host.writing import READING
from gosteward.toolchains.origins import bundle_file, sources
from gosteward.toolchains.origins.sources import Offer

_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_ENDINGS = (".zip", ".tar.gz", ".tgz")
_LONGEST_NAME = 300
# In what browsers and wget make of a name that exists: "go1.26.8.linux-amd64 (1).tar.gz", "go1.26.8.linux-amd64.tar.gz.1".
_NAMED = re.compile(r"(?<![0-9a-z])go1[0-9a-z.]{0,30}\.linux-[0-9a-z]{1,12}(?![0-9a-z])", re.ASCII)


def path_of(spec: str) -> str:
    """The whole path of the file that a word means; "" if the word is a version, or nothing that is there."""
    if "/" in spec or spec.endswith((".mod", ".work")) or spec.startswith("."):
        return os.path.abspath(spec)
    try:
        toolchain_names.wanted(spec)
    except UsageError:
        return os.path.abspath(spec) if os.path.isfile(spec) else ""
    return ""


def offer_in(path: str) -> Offer | None:
    """What a file holds, by its name, else by its first bytes; None if it is no archive.

    Raises:
        UsageError: it is an archive, and nothing says of what; or it is none, and its name says that it is; or a bundle.
    """
    real = os.path.realpath(path)  # a link that whoever asks has named
    named = sources.of_file(path) or sources.of_file(real)
    if named is not None:
        return named._replace(path=real)
    start = _start_of(real)
    if start.startswith(_ZIP):
        length = int.from_bytes(start[26:28], "little")
        release = distribution.release_of(start[LOCAL_HEADER : LOCAL_HEADER + length].decode("utf-8", "replace"))
        platform = platforms.of_module(release[1]) if release else None
        if release and platform is not None and toolchain_names.is_release(release[0]):
            return Offer(release[0], platform, "module", path=real, source=path)
    elif start.startswith(_GZIP):
        match = _NAMED.search(path.rpartition("/")[2])
        archive = toolchain_names.of_archive(f"{match[0]}.tar.gz") if match else None
        if archive is not None:
            return Offer(archive.version, archive.platform, "archive", path=real, source=path)
    elif start and bundle_file.is_bundle(real):
        hint = "`gosteward install VERSION --from FILE` takes one of them"
        raise UsageError("this is a bundle of releases", subject=path, hint=hint)
    elif start and path.endswith(_ENDINGS):
        what = "this is no archive, although its name says so"
        raise UsageError(what, subject=path, hint="download it again: a page of a server may have been saved instead")
    else:
        return None
    raise UsageError(
        "nothing says which release this archive holds",
        subject=path,
        hint="give it the name that it was published by, such as go1.26.8.linux-amd64.tar.gz",
    )


def _start_of(path: str) -> bytes:
    """The first bytes of a regular file; nothing of any other."""
    try:
        descriptor = os.open(path, READING)
    except OSError:
        return b""
    try:
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return os.pread(descriptor, LOCAL_HEADER + _LONGEST_NAME, 0) if regular else b""
    finally:
        os.close(descriptor)
