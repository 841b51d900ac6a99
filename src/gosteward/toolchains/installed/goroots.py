"""A GOROOT on this host: which release it says it is, for which platform, and who put it there."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from gosteward.errors import PrivilegeError, UsageError
from gosteward.finding import Text
from gosteward.golang import distribution, goversion, platforms, toolchain_names
from gosteward.host.planted import read_as_its_owner
from gosteward.toolchains.installed import store

if TYPE_CHECKING:
    from gosteward.host.local import LocalHost

MOST_PLATFORMS = 20
SHOWN = 60
# What `go` unpacks into its module cache, and runs only after it made the programs executable.
_CACHED = re.compile(r"/golang\.org/toolchain@v0\.0\.1-[a-z0-9.-]+\Z", re.ASCII)
_PLATFORM = re.compile(r"[a-z0-9]{1,12}_[a-z0-9]{1,12}", re.ASCII)


class Goroot(NamedTuple):
    """A tree.

    Attributes:
        path: without links.   version: of the release that it should be, "" if it says none.   platform: "linux-amd64", "" if not known.
        said: first line of VERSION, at most 60 characters.   record: of our installation, {} if it is not ours.
        in_module_cache: `go` unpacked it for itself.
    """

    path: str
    version: str
    platform: str
    said: str = ""
    record: dict[str, Any] = {}  # noqa: RUF012 - never changed
    in_module_cache: bool = False


def goroot_at(host: LocalHost, path: str) -> Goroot:
    """The tree in a directory, through links. What our record says counts before what the tree says of itself.

    Raises:
        UsageError: there is no Go tree.   PrivilegeError: this process may not look.
    """
    real = host.realpath(path)
    if not real or not host.is_directory(real):
        raise UsageError("there is no such directory", subject=path)
    if not os.access(real, os.R_OK | os.X_OK):
        raise PrivilegeError("you may not enter it", subject=path, hint="its owner, or a member of its group, may")
    if not any(host.lstat(f"{real}/{name}") for name in ("VERSION", "bin/go", "src/runtime")):
        raise UsageError("this is no Go tree", subject=path, hint="name a GOROOT, such as /usr/local/go")
    content = _version_file(host, real)
    record = store.record_at(host, real)
    stated = distribution.parse_version_file(content)
    version = stated.version if stated is not None else ""
    recorded, platform = str(record.get("version", "")), str(record.get("platform", ""))
    return Goroot(
        path=real,
        version=recorded if toolchain_names.is_release(recorded) else version,
        platform=platform if platforms.of_module(platform) else _platform(host, real),
        said=content.split(b"\n")[0].decode("utf-8", "replace")[:SHOWN].strip(),
        record=record,
        in_module_cache=bool(_CACHED.search(real)),
    )


def _version_file(host: LocalHost, tree: str) -> bytes:
    try:
        with read_as_its_owner(host, f"{tree}/VERSION"):
            return host.read(f"{tree}/VERSION", distribution.VERSION_LIMIT + 1)
    except OSError:
        return b""


def _platform(host: LocalHost, tree: str) -> str:
    """By the directory of its tools; by what its go is built for, where there are several. "" if nothing says it."""
    names = host.listdir(f"{tree}/pkg/tool", MOST_PLATFORMS)
    found = [name for name in names if _PLATFORM.fullmatch(name)]
    if len(found) != 1:
        return _built_for(host, tree)
    return found[0].replace("_", "-")


def _built_for(host: LocalHost, tree: str) -> str:
    from gosteward.formats import elf

    try:
        header = host.read(f"{tree}/bin/go", elf.HEADER_SIZE)
    except OSError:
        return ""
    goarch = elf.goarch_of(header)
    return f"linux-{goarch}" if goarch else ""


def cannot_be_logged(goroot: Goroot) -> Text:
    """Why no log can have this tree; an empty text if one may."""
    version = goversion.parse(goroot.version) if goroot.version else None
    if version is None and goroot.said:
        return Text("VERSION says {said}: this is no release, and only releases are in the log", said=goroot.said)
    if version is None:
        return Text("nothing says which release this is: VERSION is missing, or cannot be read")
    if not toolchain_names.is_release(goroot.version) and goroot.record:
        return Text(
            "{version} was built here, with a patch, and only releases are in the log",
            version=goroot.version or goroot.said,
        )
    if not toolchain_names.is_release(goroot.version):
        return Text("VERSION says {said}: somebody else built it, and only releases are in the log", said=goroot.said)
    if not distribution.has_module_form(goroot.version) and not _of_module_zip(goroot):
        return Text("which files of {said} are in the log is not known: that begins with go1.21", said=goroot.said)
    if not goroot.platform.startswith("linux-"):
        return Text("neither bin/go nor pkg/tool says that it is for Linux")
    return Text("")


def _of_module_zip(goroot: Goroot) -> bool:
    """Whether a tree came out of a module zip, so that all its files are in the log, also before go1.21."""
    archive = goroot.record.get("archive")
    name = archive.get("name") if isinstance(archive, dict) else ""
    return goroot.in_module_cache or (isinstance(name, str) and name.endswith(".zip"))


def owner_of(host: LocalHost, goroot: Goroot) -> str:
    """The package that put it there, "golang-1.19-go 1.19.8-2"; "" if none did."""
    from gosteward.probes import packages  # here, as most trees are known without

    return packages.collect(host).owner_of(os.path.join(goroot.path, "bin/go"))
