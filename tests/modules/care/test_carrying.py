"""Exports and imports: all comes over and is proved there without a network, and of a bad export nothing comes."""

from __future__ import annotations

import json
import tarfile
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from gosteward.errors import StewardError, UsageError
from gosteward.formats import stored_members
from gosteward.modules.care import export_file
from gosteward.modules.care.export_manifest import MANIFEST
from gosteward.modules.care.exporting import LeftOut, export, there_by
from gosteward.modules.care.importing import import_file
from modules.care.stores import (
    MODULES,
    Published,
    filled,
    is_clean,
    looked_after,
    outside,
    publish,
    ran,
    stored,
)
from serve.serving import proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def published() -> Iterator[Published]:
    with outside() as found:
        yield found


@pytest.fixture(scope="module")
def exported(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("exported")
    found = export(filled(top / "store", published), str(top / "all.tar"))
    assert (len(found.manifest.files), len(found.manifest.proofs), found.left_out) == (9, 3, ())
    return top / "all.tar"


def test_the_other_side_proves_all_of_it_without_a_network_and_serves_it(
    published: Published, exported: Path, tmp_path: Path
) -> None:
    database = ("--store", tmp_path / "store", "--sumdb", published.vkey)
    found = ran("import", exported, *database, "--format", "json")
    assert (found.returncode, json.loads(found.stdout)["proved"]) == (0, 3)
    assert stored(tmp_path / "store") == published.log.files
    assert is_clean(tmp_path / "store")
    again = ran("verify", "--offline", *database)
    assert (again.returncode, again.stdout.startswith("right: 9 files")) == (0, True)
    with proxy(tmp_path, "off", published.vkey) as served:
        assert all(served.get(path).body == content for path, content in published.log.files.items())


def left_out(earlier: Path) -> LeftOut:
    return there_by([export_file.earlier_at(str(earlier))])


def test_any_tar_program_reads_it(exported: Path) -> None:
    with tarfile.open(exported) as archive:
        assert archive.getnames() == [*(f"files/{number}" for number in range(1, 10)), MANIFEST]


def test_the_next_export_has_what_is_new(published: Published, exported: Path, tmp_path: Path) -> None:
    store = filled(tmp_path / "store", published)
    with tarfile.open(exported) as archive:
        manifest = archive.extractfile(MANIFEST)
        assert manifest is not None
        (tmp_path / MANIFEST).write_bytes(manifest.read())
    for earlier in (exported, tmp_path / MANIFEST):
        assert export(store, str(tmp_path / "none.tar"), left_out(earlier), replace=True).manifest.files == ()
    with outside() as other:
        publish(published.log, "example.com/new", "v1.0.0", {"a.go": b"package a\n"})
        arguments = ("--store", tmp_path / "store", "--upstream", published.url, "--sumdb", published.vkey)
        assert other.url
        assert ran("prefetch", "example.com/new@v1.0.0", *arguments).returncode == 0
    new = ran(
        "export",
        tmp_path,
        "--since",
        exported,
        "--offline",
        *arguments[:2],
        "--sumdb",
        published.vkey,
        "--format",
        "json",
    )
    said = json.loads(new.stdout)
    assert (new.returncode, said["files"], said["proofs"]) == (0, 3, 1)
    assert import_file(looked_after(tmp_path / "other", published), said["path"]).files == 3


def test_what_is_there_is_not_written_over_and_what_is_wrong_is_left_out(published: Published, tmp_path: Path) -> None:
    store = filled(tmp_path / "store", published)
    (tmp_path / "store/modules/example.com/text/@v/v1.2.3.zip").write_bytes(b"PK damaged")
    found = export(store, str(tmp_path / "x.tar"))
    assert [path for path, _ in found.left_out] == ["example.com/text/@v/v1.2.3.zip"]
    assert found.exit_code == 1
    with pytest.raises(UsageError):
        export(store, str(tmp_path / "x.tar"))


def rewritten(source: Path, change: Callable[[dict[str, bytes], list[dict[str, object]]], None]) -> bytes:
    """An export with other members, all of whose headers are sound."""
    with tarfile.open(source) as archive:
        members = {m.name: archive.extractfile(m).read() for m in archive}  # type: ignore[union-attr]
    lines = [json.loads(line) for line in members[MANIFEST].splitlines()]
    change(members, lines)
    if MANIFEST in members:
        members[MANIFEST] = "".join(json.dumps(line) + "\n" for line in lines).encode()
    new = BytesIO()
    for name, content in members.items():
        new.write(stored_members.header(name, len(content)) + content + stored_members.padding(len(content)))
    new.write(stored_members.END)
    return new.getvalue()


def file_line(lines: list[dict[str, object]], end: str) -> dict[str, object]:
    return next(line for line in lines if str(line.get("path", "")).endswith(end))


def without_proofs(_: dict[str, bytes], lines: list[dict[str, object]]) -> None:
    lines[:] = [line for line in lines if "proof" not in line]


def other_proof(_: dict[str, bytes], lines: list[dict[str, object]]) -> None:
    proofs = [line for line in lines if "proof" in line]
    proofs[0]["proof"] = proofs[1]["proof"]


def other_content(members: dict[str, bytes], lines: list[dict[str, object]]) -> None:
    line = file_line(lines, "text/@v/v1.2.3.mod")
    evil = b"module example.com/text\n// evil\n"
    members[f"files/{[x for x in lines if 'path' in x].index(line) + 1}"] = evil
    line.update(size=len(evil), sha256=sha256(evil).hexdigest())


def set_field(name: str, value: object, end: str = "text/@v/v1.2.3.zip") -> Callable[..., None]:
    return lambda _, lines: file_line(lines, end).update({name: value})


ATTACKS: dict[str, Callable[[dict[str, bytes], list[dict[str, object]]], None]] = {
    "path upwards": set_field("path", "../../../etc/cron.d/x"),
    "path of another version": set_field("path", "example.com/text/@v/v1.2.4.zip"),
    "path of a branch": set_field("path", "example.com/text/@v/master.info", "text/@v/v1.2.3.info"),
    "encoded path": set_field("path", "example.com/%74ext/@v/v1.2.3.zip"),
    "path twice": set_field("path", "example.com/text/@v/v1.2.3.mod", "large/@v/v1.0.0.mod"),
    "another digest": set_field("sha256", "0" * 64),
    "another size": set_field("size", 5),
    "a size that is none": set_field("size", True),
    "no proofs": without_proofs,
    "proof of another module": other_proof,
    "another content, digest right": other_content,
    "a member too many": lambda members, _: members.update({"files/99": b"x"}),
    "a member too few": lambda members, _: members.pop("files/3") and None,
    "no manifest": lambda members, _: members.pop(MANIFEST) and None,
    "another schema": lambda _, lines: lines[0].update(schema="gosteward.modules-export/2"),
    "a time that is none": lambda _, lines: lines[0].update(taken_at="9999"),
    "earlier ones that are no list": lambda _, lines: lines[0].update(since={"sha256": "0" * 64}),
    "an earlier one without a digest": lambda _, lines: lines[0].update(since=[{"taken_at": lines[0]["taken_at"]}]),
    "a head of nobody": lambda _, lines: lines[0].update(head="go.sum database tree\n5\nAAAA\n\n— x y\n"),
    "a proof too many, forged": lambda _, lines: lines.append({**lines[-1], "version": "v9.9.9"}),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_of_a_bad_export_nothing_comes(published: Published, exported: Path, tmp_path: Path, attack: str) -> None:
    (tmp_path / "bad.tar").write_bytes(rewritten(exported, ATTACKS[attack]))
    with pytest.raises(StewardError):
        import_file(looked_after(tmp_path / "store", published), str(tmp_path / "bad.tar"))
    assert stored(tmp_path / "store") == {}
    assert is_clean(tmp_path / "store")
    import_file(looked_after(tmp_path / "store", published), str(exported))
    assert stored(tmp_path / "store").keys() == {path for path in published.log.files if "/new/" not in path}


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_cut_export_is_none(published: Published, exported: Path, tmp_path: Path, share: float) -> None:
    content = exported.read_bytes()
    (tmp_path / "bad.tar").write_bytes(content[: int(len(content) * share)])
    found = ran("import", tmp_path / "bad.tar", "--store", tmp_path / "store", "--sumdb", published.vkey)
    assert found.returncode in (1, 2)
    assert found.stderr.startswith("gosteward: ")
    assert "Traceback" not in found.stderr
    assert stored(tmp_path / "store") == {}


def test_an_export_of_another_database_is_not_believed(exported: Path, tmp_path: Path) -> None:
    with outside() as other:
        other.log.signer = type(other.log.signer)("other.example", b"2")
        with pytest.raises(StewardError):
            import_file(looked_after(tmp_path / "store", other), str(exported))
    assert stored(tmp_path / "store") == {}


def test_private_modules_come_by_what_is_recorded_and_must_not_differ_later(tmp_path: Path) -> None:
    with outside() as published:
        private = "example.com"
        export(filled(tmp_path / "a", published, private=private), str(tmp_path / "a.tar"))
        publish(published.log, *MODULES[0], {"content.go": b"package evil\n"})
        export(filled(tmp_path / "b", published, private=private), str(tmp_path / "b.tar"))
        target = looked_after(tmp_path / "store", published, private=private)
        import_file(target, str(tmp_path / "a.tar"))
        before = stored(tmp_path / "store")
        with pytest.raises(StewardError, match="SECURITY ERROR"):
            import_file(target, str(tmp_path / "b.tar"))
        assert stored(tmp_path / "store") == before
