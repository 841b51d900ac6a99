"""Signed exports: who holds to a key takes what it has signed, in its order, and nothing else."""

from __future__ import annotations

import json
import os
import stat
import tarfile
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import PrivilegeError, UsageError
from gosteward.formats import stored_members
from gosteward.modules.care import export_file
from gosteward.modules.care.export_file import BadExportError
from gosteward.modules.care.export_manifest import MANIFEST, SIGNATURE, signed_text
from gosteward.modules.care.exporting import NOTHING, export, there_by
from gosteward.modules.care.importing import Imported, import_file
from gosteward.modules.care.taken_exports import TakenExports, Trust
from gosteward.modules.storage.disk import StorageError
from gosteward.sumdb import signing
from modules.care.stores import Published, filled, is_clean, looked_after, outside, ran, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OURS, OTHER = signing.made("build.example", b"1" * 32), signing.made("build.example", b"2" * 32)
HELD = Trust((OURS.key,))


@pytest.fixture(scope="module")
def published() -> Iterator[Published]:
    with outside() as found:
        yield found


@pytest.fixture(scope="module")
def top(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a store, and of exports of it: signed, signed by somebody else, and not signed."""
    top = tmp_path_factory.mktemp("exported")
    store = filled(top / "store", published)
    for name, signer in (("signed", OURS), ("foreign", OTHER), ("plain", None)):
        export(store, str(top / f"{name}.tar"), signer=signer)
    return top


def taken(published: Published, tmp_path: Path, path: Path, trust: Trust = HELD) -> Imported:
    return import_file(looked_after(tmp_path / "inside", published), str(path), trust=trust)


def parts_of(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {m.name: archive.extractfile(m).read() for m in archive}  # type: ignore[union-attr]


def put_together(path: Path, members: dict[str, bytes]) -> Path:
    content = b"".join(
        stored_members.header(name, len(one)) + one + stored_members.padding(len(one)) for name, one in members.items()
    )
    path.write_bytes(content + stored_members.END)
    return path


def aged(source: Path, target: Path, taken_at: str, since: list[dict[str, str]] | None = None) -> Path:
    """The same export, made and signed by its owner at another time."""
    members = parts_of(source)
    first, _, rest = members[MANIFEST].partition(b"\n")
    described = {**json.loads(first), "taken_at": taken_at}
    if since is not None:
        described["since"] = since
    members[MANIFEST] = json.dumps(described).encode() + b"\n" + rest
    members[SIGNATURE] = signing.signed(signed_text(sha256(members[MANIFEST]).hexdigest()), OURS).encode()
    return put_together(target, members)


def signature(text: str, signer: signing.SigningKey = OURS) -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.update({SIGNATURE: signing.signed(text, signer).encode()})


def replaced(old: bytes, new: bytes, name: str = MANIFEST) -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.update({name: members[name].replace(old, new, 1)})


ATTACKS: dict[str, tuple[Callable[[dict[str, bytes]], object], str]] = {
    "the signature is taken out": (lambda members: members.pop(SIGNATURE), "is not signed"),
    "the manifest is changed": (replaced(b'"h1": "h1:', b'"h1":  "h1:'), "is not the one that build.example"),
    "the manifest is no longer JSON": (lambda members: members.update({MANIFEST: b"x"}), "is not the one that"),
    "the signed digest is changed": (replaced(b"sha256 ", b"sha256 0", SIGNATURE), "the signature is wrong"),
    "the signature is one of another text": (signature("go.sum database tree\n5\nAAAA\n"), "is not the one that"),
    "the signature is no note": (lambda members: members.update({SIGNATURE: b"\xff\0"}), "signature is none"),
    "the signature is endless": (lambda members: members.update({SIGNATURE: b"x" * (1 << 17)}), "signature is none"),
    "a key of the same name has signed": (
        lambda m: signature(signed_text(sha256(m[MANIFEST]).hexdigest()), OTHER)(m), "signed by build.example+",
    ),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_the_key_did_not_sign_is_refused(published: Published, top: Path, tmp_path: Path, attack: str) -> None:
    change, said = ATTACKS[attack]
    members = parts_of(top / "signed.tar")
    change(members)
    with pytest.raises(BadExportError, match=said):
        taken(published, tmp_path, put_together(tmp_path / "bad.tar", members))
    assert stored(tmp_path / "inside") == {}
    assert is_clean(tmp_path / "inside")


def test_what_the_key_signed_comes_and_the_key_is_kept_to(published: Published, top: Path, tmp_path: Path) -> None:
    found = taken(published, tmp_path, top / "signed.tar")
    assert (found.signed_by, found.files) == (OURS.key, 9)
    for name in ("plain", "foreign"):  # now without --key
        with pytest.raises(BadExportError, match="signed"):
            taken(published, tmp_path, top / f"{name}.tar", Trust())
    assert taken(published, tmp_path, top / "plain.tar", Trust(unsigned=True)).signed_by is None
    changed = taken(published, tmp_path, top / "foreign.tar", Trust((OTHER.key,)))  # a new key has to be named
    assert changed.signed_by == OTHER.key


def test_what_is_not_asked_for_is_not_verified(published: Published, top: Path, tmp_path: Path) -> None:
    assert taken(published, tmp_path, top / "foreign.tar", Trust()).signed_by is None
    assert TakenExports(str(tmp_path / "inside")).keys() == ()


def test_an_older_one_and_the_same_again_are_refused_until_somebody_insists(
    published: Published, top: Path, tmp_path: Path
) -> None:
    older = aged(top / "signed.tar", tmp_path / "older.tar", "2020-01-01T00:00:00Z")
    taken(published, tmp_path, top / "signed.tar")
    with pytest.raises(
        BadExportError, match=r"this export is of 2020-01-01T00:00:00Z, and one of 20.* was taken before"
    ):
        taken(published, tmp_path, older)
    with pytest.raises(BadExportError, match="was taken before"):
        taken(published, tmp_path, top / "signed.tar")
    for path in (older, top / "signed.tar"):
        assert taken(published, tmp_path, path, HELD._replace(out_of_order=True)).files == 9


def test_what_it_builds_on_has_to_be_there(published: Published, top: Path, tmp_path: Path) -> None:
    base = {"sha256": export_file.earlier_at(str(top / "signed.tar"))[0].sha256, "taken_at": "2020-01-01T00:00:00Z"}
    next_one = aged(top / "signed.tar", tmp_path / "next.tar", "2099-01-01T00:00:00Z", [base])
    with pytest.raises(
        BadExportError, match=f"builds on the export of 2020-01-01T00:00:00Z .manifest {base['sha256'][:16]}"
    ):
        taken(published, tmp_path, next_one)
    assert stored(tmp_path / "inside") == {}
    taken(published, tmp_path, top / "signed.tar")
    assert taken(published, tmp_path, next_one).missing == ()
    elsewhere = tmp_path / "elsewhere"  # nobody asked for a key: it is said
    found = ran("import", next_one, "--store", elsewhere, "--sumdb", published.vkey)
    assert (found.returncode, "it builds on the export of 2020-01-01T00:00:00Z" in found.stdout) == (0, True)


def test_an_export_names_what_it_builds_on(published: Published, top: Path, tmp_path: Path) -> None:
    known, manifest = export_file.earlier_at(str(top / "signed.tar"))
    found = export(looked_after(top / "store", published), str(tmp_path / "x.tar"), there_by([(known, manifest)]))
    assert (found.manifest.since, found.manifest.files) == ((known,), ())
    (tmp_path / MANIFEST).write_bytes(parts_of(top / "signed.tar")[MANIFEST])
    assert export_file.earlier_at(str(tmp_path / MANIFEST)) == (known, manifest)
    assert export(looked_after(top / "store", published), str(tmp_path / "y.tar"), NOTHING).manifest.since == ()


def test_a_damaged_list_of_what_was_taken_opens_nothing(published: Published, top: Path, tmp_path: Path) -> None:
    taken(published, tmp_path, top / "signed.tar")
    (tmp_path / "inside/imports/taken.jsonl").write_text('{"sha256": 1}\n')
    with pytest.raises(StorageError, match="damaged"):
        taken(published, tmp_path, top / "plain.tar", Trust())


def test_a_key_is_for_its_owner_alone_and_never_replaced(published: Published, top: Path, tmp_path: Path) -> None:
    made = ran("signing-key", tmp_path / "key", "--new", "corp.example")
    content = (tmp_path / "key").read_text()
    assert (made.returncode, stat.S_IMODE(os.stat(tmp_path / "key").st_mode)) == (0, 0o600)
    assert ran("signing-key", tmp_path / "key").stdout == made.stdout
    assert ran("signing-key", tmp_path / "key", "--new", "corp.example").returncode == UsageError.exit_code
    assert (tmp_path / "key").read_text() == content
    (tmp_path / "keys").write_text(f"# who exports\n\n{OTHER.key.written}\n{made.stdout}")
    store = ("--store", top / "store", "--sumdb", published.vkey, "--offline")
    assert ran("export", tmp_path / "x.tar", *store, "--sign", tmp_path / "key").returncode == 0
    inside = ("--store", tmp_path / "inside", "--sumdb", published.vkey)
    found = ran("import", tmp_path / "x.tar", *inside, "--key", tmp_path / "keys", "--format", "json")
    assert json.loads(found.stdout)["signed_by"] == "+".join(
        made.stdout.split("+")[:2]
    )  # a key may have a + in it, too
    for given in (content.strip(), tmp_path / "key"):  # the wrong half of it
        refused = ran("import", tmp_path / "x.tar", *inside, "--key", given)
        assert refused.returncode == UsageError.exit_code
        assert content.strip()[-30:] not in refused.stderr
    (tmp_path / "key").chmod(0o644)
    assert ran("export", tmp_path / "y.tar", *store, "--sign", tmp_path / "key").returncode == PrivilegeError.exit_code
    assert not (tmp_path / "y.tar").exists()
