"""Readers of what clients ask a module proxy for, and of what upstreams answer it."""

from __future__ import annotations

import os
import struct
import tempfile
from typing import TYPE_CHECKING

from fuzz.target import Target
from gosteward.formats.zip_members import ArchiveError
from gosteward.golang import cached_names, dirhash, gomod
from gosteward.host.inflating import engine_of
from gosteward.modules import policy as rules
from gosteward.modules import requests, zip_contents
from gosteward.modules.changing import Content
from gosteward.modules.policed_answers import stated_time
from gosteward.modules.policing import Policing
from gosteward.modules.requests import DatabaseRequest, Malformed, ModuleRequest
from gosteward.modules.verification import names_a_version

if TYPE_CHECKING:
    from random import Random

MODULE, VERSION = "example.com/m", "v1.0.0"  # of the seeds of module-zip
POLICY = b'default = "allow"\n\n[[rule]]\ndeny = ["example.com/m"]\nversions = [">=v1.3.0"]\nreason = "not yet"\n'
_ENTRY, _END, _LOCAL = b"PK\1\2", b"PK\5\6", b"PK\3\4"
_SIZES = {_ENTRY: 46, _END: 22, _LOCAL: 30}
_ODD = (0, 1, 2, 8, 0x7FFF, 0xFFFF, 0x800, 0x10, 1 << 31, 0xFFFFFFFF)
_NAMES = (
    b"../a.go",
    b"/a.go",
    b"A.go",
    b"a.go/b",
    b"a//b.go",
    b"go.mod",
    b"a\\b.go",
    b".",
    b"a.go\0",
    b"\xff.go",
    b"con",
    b"LICENSE",
)


def _request(data: bytes) -> object:
    """A target is read as a name of one file below a directory, or as none."""
    found = requests.parse(data.decode("latin-1"))
    if isinstance(found, Malformed):
        return found
    path = found.path if isinstance(found, ModuleRequest) else f"{found.name}/{found.rest}"
    parts = path.split("/")
    if (
        "" in parts
        or any(part in (".", "..") for part in parts)
        or not path.isascii()
        or not path.isprintable()
        or " " in path
    ):
        raise AssertionError(f"{path!r} may lead elsewhere")
    again = requests.parse(f"/{'sumdb/' if isinstance(found, DatabaseRequest) else ''}{path}")
    if again != found:
        raise AssertionError(f"{path!r} is read as {again}")
    if isinstance(found, ModuleRequest):
        version = f"/@v/{gomod.escape(found.version)}" if found.version else ""
        if not path.startswith(gomod.escape(found.module) + version):
            raise AssertionError(f"{path!r} is not that of {found.named}")
        if found.canonical and requests.request_for(found.kind, found.module, found.version) != found:
            raise AssertionError(f"{path!r} is another one than the store's")
    return found


def _zip(data: bytes) -> object:
    """A zip that is accepted has the hash that any other reader finds."""
    archive = os.memfd_create("zip", os.MFD_CLOEXEC)
    try:
        os.write(archive, data)
        found = zip_contents.h1_of(archive, MODULE, VERSION, engine_of(""))
    finally:
        os.close(archive)
    if found != dirhash.of_zip(data):
        raise AssertionError(f"{found}, and another reader finds {dirhash.of_zip(data) or 'none'}")
    return found


def _changed(data: bytes, chance: Random) -> bytes:
    """A zip with numbers or names in its headers changed, alone or alike in both places."""
    whole = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        places = [(at, mark) for mark in _SIZES for at in _all(whole, mark)]
        if not places:
            return bytes(whole)
        at, mark = chance.choice(places)
        step = chance.random()
        if step < 0.6:
            form = chance.choice("<H <I".split())
            offset = at + 4 + 2 * chance.randrange((_SIZES[mark] - 4 - struct.calcsize(form)) // 2 + 1)
            _put(whole, offset, form, chance)
        elif step < 0.9:
            _rename(whole, chance)
        else:
            whole[at:at] = chance.choice((b"\0" * 4, whole[at : at + _SIZES[mark]], b"PK\7\x08" + bytes(12)))
    return bytes(whole)


def _put(whole: bytearray, offset: int, form: str, chance: Random) -> None:
    if offset + struct.calcsize(form) <= len(whole):
        (old,) = struct.unpack_from(form, whole, offset)
        new = chance.choice((*_ODD, old + 1, old - 1, old ^ 1 << chance.randrange(16)))
        struct.pack_into(form, whole, offset, new & (0xFFFF if form == "<H" else 0xFFFFFFFF))


def _rename(whole: bytearray, chance: Random) -> None:
    """Another name of the same length, where the headers have one."""
    name = chance.choice(_NAMES)
    base = f"{MODULE}@{VERSION}/".encode()
    places = [at + len(base) for at in _all(whole, base)]
    for at in places if chance.random() < 0.7 else [chance.choice(places)] if places else []:
        whole[at : at + len(name)] = name[: max(0, len(whole) - at)]


def _all(whole: bytearray, what: bytes) -> list[int]:
    found, at = [], whole.find(what)
    while at >= 0:
        found.append(at)
        at = whole.find(what, at + 1)
    return found


class _Denying(Policing):
    """A policy that denies versions by name, and asks nobody."""

    def __init__(self) -> None:
        with tempfile.NamedTemporaryFile(suffix=".toml") as file:
            file.write(POLICY)
            file.flush()
            super().__init__(file.name, lambda: 0.0)

    async def retractions(self, module: str, version: str, proxy: object) -> tuple[()]:  # type: ignore[override]
        return ()


def _list(data: bytes) -> object:
    """What a list becomes: lines of it, and none that is denied."""
    request = requests.parse(f"/{MODULE}/@v/list")
    assert isinstance(request, ModuleRequest)
    policing = _Denying()
    asking = policing.lists.shown(request, Content(data), None)  # type: ignore[arg-type]
    try:
        asking.send(None)
    except StopIteration as ended:
        found = ended.value
    else:
        raise AssertionError("it waits for something")
    if isinstance(found, Content) and found.body != data:
        given = data.decode("utf-8", "replace").splitlines()
        for line in found.body.decode().splitlines():
            if line not in given:
                raise AssertionError(f"{line!r} is not in the list")
            version = line.split()[0]
            if requests.is_canonical(MODULE, version) and not rules.by_name(policing.policy, MODULE, version).allows:
                raise AssertionError(f"{line!r} is denied")
    return found


def _info(data: bytes) -> object:
    return names_a_version(data), cached_names.stated_version(data), stated_time(data)


SERVED = {
    "module-request": Target(_request, words="/ example.com !a %21 %2e%2e %00 .. @v @latest list .info .mod .zip v1.0.0 +incompatible /v2 gopkg.in .v1 sumdb/ lookup/ tile/ 8/0/x001/000 .p/1 supported"),
    "module-zip-directory": Target(_zip, seeds=("fuzz/seeds/module-zip/*",), errors=(ArchiveError,), longest=1 << 14, mutate=_changed),
    "version-list": Target(_list, words="v1.0.0 v1.3.0 v1.3.1-rc.1 v2.0.0+incompatible v0.0.0-20260101000000-abcdefabcdef \n \r\u2028 \x85 \0 2026-01-01T00:00:00Z"),
    "module-info": Target(_info, words='{ } [ ] "Version" : "v1.0.0" , "Time" "2026-01-01T00:00:00Z" Origin \\u0000 1e999 NaN'),
}  # fmt: skip
