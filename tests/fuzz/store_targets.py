"""Readers of what people bring to a store of modules: the manifest of an export, and lists of what is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuzz.json_mutation import mutated
from fuzz.target import Target, text_of
from gosteward.errors import DecodeError, UsageError
from gosteward.modules import requests
from gosteward.modules.care import export_manifest, wanted_modules
from gosteward.modules.storage import redis_place, shared_values

if TYPE_CHECKING:
    from gosteward.modules.requests import ModuleRequest


def _is_of_a_version(file: ModuleRequest) -> bool:
    return file.canonical and requests.parse(f"/{file.path}") == file and ".." not in file.path.split("/")


def _manifest(data: bytes) -> object:
    found = export_manifest.parse(data)
    if export_manifest.parse(export_manifest.written(found)) != found:
        raise AssertionError("what is read is not what is written")
    if not all(_is_of_a_version(file.request) for file in found.files):
        raise AssertionError("a path is none of a file of a module version")
    return found


def _wanted(data: bytes) -> object:
    found = wanted_modules.of_list(text_of(data), "list")
    if not all(map(_is_of_a_version, found.files)):
        raise AssertionError("a path is none of a file of a module version")
    return found


PATHS = (
    "example.com/text/@v/list",
    "example.com/text/@latest",
    "example.com/text/@v/v1.2.3.info",
    "sumdb/sum.example.com/latest",
)
NOW = 1_800_000_000.0


def _shared(data: bytes) -> object:
    found = [shared_values.read(data, path, NOW) for path in PATHS]
    for path, kept in zip(PATHS, found):
        if kept is not None and (kept.status != 200 or not kept.at <= NOW):
            raise AssertionError("an answer of the future, or none")
        if kept is not None and shared_values.read(shared_values.written(path, kept), path, NOW) != kept:
            raise AssertionError("what is read is not what is written")
    return found


def _redis(data: bytes) -> object:
    place = redis_place.parse(text_of(data))
    if place.password and len(place.password) > 8 and place.password in place.shown:
        raise AssertionError("a password is shown")
    return place


STORES = {
    "modules-export": Target(_manifest, errors=(DecodeError,), longest=1 << 14, mutate=mutated),
    "shared-metadata": Target(
        _shared,
        longest=1 << 12,
        words='{ } "path": "status":200 "at": "Version":"v1.2.3" NaN 1e999 example.com/text/@v/list',
    ),
    "redis-url": Target(
        _redis,
        errors=(UsageError,),
        words="redis:// rediss:// unix:/// user:password@ [::1] :6379 /3 ?prefix= &db= %2f #",
    ),
    "module-list": Target(
        _wanted, errors=(UsageError,), words="example.com/a @v1.0.0 # /../ !a -pre.1 +incompatible %2f"
    ),
}
