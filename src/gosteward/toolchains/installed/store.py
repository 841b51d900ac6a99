"""What gosteward has installed below a root: trees with their records, and which of them is in use."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from gosteward.errors import PrivilegeError, UsageError
from gosteward.golang import goversion, toolchain_names
from gosteward.golang.installed_trees import CURRENT, record_of

if TYPE_CHECKING:
    from gosteward.host.local import LocalHost
    from gosteward.toolchains.proving.proofs import Proof

SCHEMA = "gosteward.installed/1"
RECORD_LIMIT = 1 << 20
MOST_TREES = 1000


class Installed(NamedTuple):
    """A tree.

    Attributes:
        version: "go1.26.8", "go1.26.8-patched.1a2b3c4d".   tree: GOROOT.   platform: "linux-amd64".   current: `current` leads to it.
        record: what its record says, {} where there is none that can be read: then it is not ours.
    """

    version: str
    tree: str
    platform: str = ""
    current: bool = False
    record: dict[str, Any] = {}  # noqa: RUF012 - never changed


def refuse_of_others(root: str) -> str:
    """The nearest directory on the way to a root that is there. Raises PrivilegeError: this process may not change what is in a root, or not make it. UsageError: it cannot be made at all."""
    there = root
    while not os.path.isdir(there):
        if os.path.lexists(there):
            raise UsageError("it is no directory", subject=there, hint="name another --root")
        there = os.path.dirname(there)
    if os.geteuid() and not os.access(there, os.W_OK) and not os.statvfs(there).f_flag & os.ST_RDONLY:
        what = "you may not change what is in it" if there == root else f"you may not make it, as {there} is not yours"
        raise PrivilegeError(what, subject=root, hint="run it as root, or name another --root")
    return there


def default_root(euid: int, environ: dict[str, str], home: str) -> str:
    """Where trees are put: /opt/go for root, the XDG data directory of others."""
    if euid == 0:
        return "/opt/go"
    data = environ.get("XDG_DATA_HOME", "")
    base = data.rstrip("/") if data.startswith("/") else f"{home.rstrip('/')}/.local/share"
    return f"{base}/go"


def link_places(euid: int, home: str) -> tuple[str, str]:
    """Where the commands are linked, a directory on every PATH, and the place where everybody looks for Go: "" for nowhere."""
    return ("/usr/local/bin", "/usr/local/go") if euid == 0 else (f"{home.rstrip('/')}/.local/bin", "")


def installed(host: LocalHost, root: str) -> tuple[Installed, ...]:
    """All trees below a root, the newest first, and a release before one that was built with patches."""
    used = (host.readlink(f"{root}/{CURRENT}") or "").rstrip("/").rpartition("/")[2]
    found = []
    for name in host.listdir(root, MOST_TREES):
        tree = f"{root}/{name}"
        release, patched, _ = name.partition("-")
        if toolchain_names.is_release(release) and host.is_directory(tree):
            record = record_at(host, tree)
            if patched and not record:
                continue
            found.append(Installed(name, tree, str(record.get("platform", "")), name == used, record))
    return tuple(
        sorted(found, key=lambda i: (goversion.parse(i.version) or (0, 0, 0, 0), "-" not in i.version), reverse=True)
    )


def record_at(host: LocalHost, tree: str) -> dict[str, Any]:
    """The record of a tree; {} if there is none."""
    try:
        found = json.loads(host.text(record_of(tree), RECORD_LIMIT))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and found.get("schema") == SCHEMA else {}


def record(
    *, version: str, platform: str, source: str, archive: str, sha256: str, size: int, proofs: tuple[Proof, ...], reason: str, at: str
) -> str:  # fmt: skip
    """The text of a record.  reason: why it was installed although nothing proves it, "" if it is proved.  at: UTC, ISO 8601."""
    document = {
        "schema": SCHEMA,
        "version": version,
        "platform": platform,
        "source": source,
        "archive": {"name": archive, "sha256": sha256, "bytes": size},
        "proofs": [proof._asdict() for proof in proofs],
        "unverified_reason": reason,
        "installed_at": at,
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"
