"""Files of modules in an export of a store, or in a bundle of toolchains, which stays as it is: read in place, believed no more than an upstream. Blocking.

Proofs that lie in it are handed over before a file is, so that a host without a network can hold the file to them.
Source: docs/reference/bundle-format.md for bundles; `care.export_manifest` for exports.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from typing import TYPE_CHECKING, Callable, NamedTuple

from gosteward.errors import StewardError
from gosteward.golang import gomod, semver, toolchain_names
from gosteward.golang.toolchain_names import TOOLCHAIN_MODULE
from gosteward.modules.answers import BAD_GATEWAY, NOT_FOUND, Refusal
from gosteward.modules.care import export_file
from gosteward.modules.origins.directory import pieces_of
from gosteward.modules.origins.upstream import Coming
from gosteward.modules.requests import file_at, request_for
from gosteward.toolchains.origins import bundle_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gosteward.modules.upstreams import Upstream

    State = tuple[int, int, int, int]


class StatedProof(NamedTuple):
    """A proof that came with a module version: believed by nobody yet.

    Attributes:
        database: name and hash of the key that it should be signed by, "NAME+HASH".   text: c2sp.org/tlog-proof.   head: signed head beside it.
    """

    module: str
    version: str
    database: str
    text: str
    head: str


Accept = Callable[[StatedProof], None]


class _Contents(NamedTuple):
    """What an archive has.  members: offset and size by path of the protocol.   texts: what is not written in it, but follows from it."""

    members: dict[str, tuple[int, int]]
    texts: dict[str, bytes]
    proofs: dict[tuple[str, str], StatedProof]


class _Open(NamedTuple):
    state: State
    descriptor: int
    contents: _Contents


class ArchiveSource:
    """Exports and bundles, by the paths of upstreams; one that was replaced is read again.

    Args:
        accept: is given the proof of a version before the version's file. Raises StewardError: it is wrong.
    """

    def __init__(self, accept: Accept = lambda _: None) -> None:
        self._accept = accept
        self._open: dict[str, _Open] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def opened(self, upstream: Upstream, path: str, seconds: float) -> Iterator[Coming | Refusal]:  # noqa: ARG002 - as others
        try:
            descriptor, contents = self._contents(upstream.path)
        except (StewardError, OSError) as error:
            text = error.what if isinstance(error, StewardError) else error.strerror
            yield Refusal(BAD_GATEWAY, f"{upstream.path} cannot be used: {text}")
            return
        try:
            yield self._found(upstream, path, descriptor, contents)
        finally:
            os.close(descriptor)

    def _found(self, upstream: Upstream, path: str, descriptor: int, contents: _Contents) -> Coming | Refusal:
        text, member = contents.texts.get(path), contents.members.get(path)
        asked = file_at(path)
        proof = contents.proofs.get((asked.module, asked.version)) if asked is not None else None
        if proof is not None:
            try:
                self._accept(proof)
                contents.proofs.pop((proof.module, proof.version), None)
            except (StewardError, OSError) as error:
                return Refusal(BAD_GATEWAY, f"{upstream.path} has a proof that cannot be kept: {error}")
        if text is not None:
            return Coming(iter((text,)), len(text), upstream.path)
        if member is None:
            return Refusal(NOT_FOUND, f"not found: {upstream.path} does not have it")
        return Coming(pieces_of(descriptor, *member), member[1], upstream.path)

    def _contents(self, path: str) -> tuple[int, _Contents]:
        """What is in an archive, and a descriptor of it for the caller to close. Raises StewardError, OSError."""
        with self._lock:
            status = os.stat(path)
            state = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            known = self._open.get(path)
            if known is None or known.state != state:
                found = _Open(state, *_read(path))
                if known is not None:
                    os.close(known.descriptor)
                known = self._open[path] = found
            return os.dup(known.descriptor), known.contents


def _read(path: str) -> tuple[int, _Contents]:
    return _of_bundle(path) if bundle_file.is_bundle(path) else _of_export(path)


def _of_export(path: str) -> tuple[int, _Contents]:
    export = export_file.opened(path)
    stated = export.manifest
    members = {file.request.path: (start, file.size) for file, start in export.contents}
    proofs = (StatedProof(one.module, one.version, stated.database, one.proof, stated.head) for one in stated.proofs)
    versions: dict[str, set[str]] = {}
    for file in stated.files:
        if file.request.kind != "mod":  # graphs name many whose code nobody has
            versions.setdefault(file.request.module, set()).add(file.request.version)
    texts = {f"{gomod.escape(module)}/@v/list": _list(found) for module, found in versions.items()}
    for module, found in versions.items():
        informed = [version for version in found if request_for("info", module, version).path in members]
        if informed:
            members[f"{gomod.escape(module)}/@latest"] = members[request_for("info", module, _newest(informed)).path]
    return export.descriptor, _Contents(members, texts, {(one.module, one.version): one for one in proofs})


def _of_bundle(path: str) -> tuple[int, _Contents]:
    """Zips of toolchains; what comes as go.dev has it is no module."""
    bundle = bundle_file.read(path)
    members, texts, proofs = {}, {}, {}
    versions = set()
    for release in bundle.manifest.releases:
        member = bundle.member(release.file)
        if release.form != "module" or member is None:
            continue
        version = toolchain_names.module_version(release.version, release.platform)
        versions.add(version)
        members[request_for("zip", TOOLCHAIN_MODULE, version).path] = (member.start, member.size)
        texts[request_for("mod", TOOLCHAIN_MODULE, version).path] = f"module {TOOLCHAIN_MODULE}\n".encode()
        texts[request_for("info", TOOLCHAIN_MODULE, version).path] = json.dumps({"Version": version}).encode()
        database = f"{bundle.manifest.log}+{bundle.manifest.key_hash}"
        stated = StatedProof(TOOLCHAIN_MODULE, version, database, release.proof, bundle.manifest.head)
        proofs[TOOLCHAIN_MODULE, version] = stated
    texts[f"{TOOLCHAIN_MODULE}/@v/list"] = _list(versions)
    return bundle_file.opened(path), _Contents(members, texts, proofs)


def _newest(versions: Iterable[str]) -> str:
    """Releases come before candidates, and these before commits. Source: go.dev/ref/mod#version-queries."""
    return max(versions, key=lambda v: (semver.is_release(v), not semver.is_pseudo(v), semver.order(v)))


def _list(versions: Iterable[str]) -> bytes:
    listed = sorted((version for version in versions if not semver.is_pseudo(version)), key=semver.order)
    return "".join(f"{version}\n" for version in listed).encode()
