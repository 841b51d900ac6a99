"""A shared place by its URL, put together for a proxy."""

from __future__ import annotations

import os
import re
import sys
import time
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.golang.proxyurls import masked
from gosteward.modules.outages import Outage, Told
from gosteward.modules.shared.in_directory import ObjectsInDirectory
from gosteward.modules.shared.publishing import Place
from gosteward.modules.shared.shared_files import FilesInObjects
from gosteward.modules.shared.shared_hashes import SharedHashes
from gosteward.modules.shared.shared_proofs import SharedProofs

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.modules.expected_hashes import SeenHashes
    from gosteward.modules.shared.objects import Objects
    from gosteward.modules.storage.disk import DiskStore
    from gosteward.modules.tally import Tally
    from gosteward.toolchains.proving.transparency import Log

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0  # seconds
_PYTHON = (3, 10)  # older ones have an obstore without a timeout for what stops in the middle
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9._-]{1,62}((?:/(?!\.)[A-Za-z0-9._=-]+)*)/?")
_ENDPOINT = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]+(?:/[A-Za-z0-9._/-]*)?")


class SharedPlace(NamedTuple):
    """What the user asks for.

    Attributes:
        url: "s3://BUCKET/PREFIX", "file:///DIR".   endpoint: URL of an S3 server, "" for the cloud's own.   region: "" for that of the environment.
    """

    url: str
    endpoint: str = ""
    region: str = ""


def objects_at(wanted: SharedPlace) -> Objects:
    """The place. Nothing is asked yet.

    Raises:
        UsageError: there is no such kind of place, or what it needs is not installed.
    """
    if wanted.endpoint and (not wanted.url.startswith("s3://") or not _ENDPOINT.fullmatch(wanted.endpoint)):
        raise UsageError(
            "this is no URL of an S3 server",
            subject=masked(wanted.endpoint),
            hint="https://HOST[:PORT], with s3://BUCKET",
        )
    if wanted.url.startswith("file:///"):
        found = ObjectsInDirectory(os.path.normpath(wanted.url[len("file://") :]))
        found.remove_abandoned()
        return found
    if not _BUCKET.fullmatch(wanted.url):
        raise UsageError(
            "this is no place to share",
            subject=masked(wanted.url.partition("?")[0]),
            hint="s3://BUCKET/PREFIX or file:///DIRECTORY",
        )
    return _bucket(wanted)


def _bucket(wanted: SharedPlace) -> Objects:
    if sys.version_info < _PYTHON:
        raise UsageError("a shared store in S3 needs Python 3.10", subject=wanted.url, hint="file:///DIR works without")
    try:
        from gosteward.modules.shared.in_bucket import ObjectsInBucket, Reached
    except ImportError as error:
        hint = "pip install 'gosteward[s3]'"
        raise UsageError(
            "the shared store needs a module that is not installed", subject=str(error.name), hint=hint
        ) from error
    try:
        return ObjectsInBucket(wanted.url.rstrip("/"), Reached(wanted.endpoint, wanted.region))
    except ValueError as error:
        raise UsageError(f"the shared store cannot be used ({error})", subject=wanted.url) from error


def outage_of(name: str, tally: Tally, clock: Callable[[], float] = time.monotonic) -> Outage:
    """What is known of a place that is shared.  name: for people."""
    told = Told(
        lambda: tally.shared_did("failed"),
        lambda text: tally.trouble("shared", f"{name} is done without until it answers: {text}"),
        lambda: tally.trouble("shared", f"{name} answers again"),
    )
    return Outage(told, FIRST_PAUSE, LONGEST_PAUSE, clock)


def place_at(
    wanted: SharedPlace, store: DiskStore, seen: SeenHashes, tally: Tally, log: Log | None = None, private: str = ""
) -> Place:
    """A shared place for a proxy with a store of its own.

    Args:
        log: what proves modules, None for nothing.   private: patterns of modules that it is never asked for.
    Raises:
        as `objects_at`.
    """
    objects = objects_at(wanted)
    own = f"{store.top}/shared/{sha256(f'{wanted.endpoint} {objects.shown}'.encode()).hexdigest()[:16]}"
    outage = outage_of(objects.shown, tally)
    tally.shares(lambda: not outage.lasts)
    hashes = SharedHashes(objects, outage, tally, own, seen)
    proofs = SharedProofs(objects, outage, tally, log, private)
    return Place(FilesInObjects(objects, outage, tally), hashes, proofs, store, own)
