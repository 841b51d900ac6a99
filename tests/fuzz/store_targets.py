"""Readers of what people bring to a store of modules: the manifest of an export, and lists of what is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuzz.json_mutation import mutated
from fuzz.target import Target, text_of
from gosteward.errors import DecodeError, UsageError
from gosteward.modules import requests
from gosteward.modules.care import export_manifest, wanted_modules

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


STORES = {
    "modules-export": Target(_manifest, errors=(DecodeError,), longest=1 << 14, mutate=mutated),
    "module-list": Target(
        _wanted, errors=(UsageError,), words="example.com/a @v1.0.0 # /../ !a -pre.1 +incompatible %2f"
    ),
}
