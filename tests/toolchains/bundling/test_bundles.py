"""Bundles: what was proved outside is installed inside without any network, and whatever was done to the file on the way is found."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from gosteward.errors import DecodeError, StewardError, UsageError
from gosteward.formats.zip_members import ArchiveError
from gosteward.golang.bundle_manifest import MANIFEST
from gosteward.golang.platforms import Platform
from gosteward.host.local import LocalHost
from gosteward.sumdb.refusals import ForgeryError
from gosteward.toolchains import verify
from gosteward.toolchains.bundling.creation import Created, create
from gosteward.toolchains.bundling.inspection import Inspection, inspect
from gosteward.toolchains.obtaining.acquiring import Acquiring, Keeping
from gosteward.toolchains.origins import bundle_file, sources
from gosteward.toolchains.origins.settings import database
from gosteward.toolchains.origins.web import Web
from gosteward.toolchains.proving.proofs import MismatchError, UnprovedError
from gosteward.toolchains.proving.transparency import MOST_MET, Log, log_of
from toolchains.conftest import ME, Site
from toolchains.godev_server import godev_server, publish, toolchain_proxy
from toolchains.small_release import small_release
from toolchains.test_cli import Shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from toolchains.godev_server import ToolchainProxy

RELEASE = small_release("go1.26.90")
NEWER = small_release("go1.26.91")
ARM64 = small_release("go1.26.90", "arm64")
LATER = small_release("go1.26.92")
NAME = f"{RELEASE.module_version}.zip"


@pytest.fixture
def proxy(site: Site) -> Iterator[ToolchainProxy]:
    with toolchain_proxy(RELEASE, NEWER, ARM64) as serving:
        site.environ.update(GOPROXY=serving.url, GOSUMDB=serving.vkey)
        yield serving


@pytest.fixture
def outside(site: Site, proxy: ToolchainProxy) -> Site:
    """Another host, with network."""
    top = site.top / "outside"
    top.mkdir()
    return Site(top, {**site.environ, "SOURCE_DATE_EPOCH": "1785931200"})


@pytest.fixture
def bundle(outside: Site) -> Path:
    pack(outside, "1.26.90")
    return outside.top / "go.bundle"


def pack(
    site: Site, *specs: str, file: str = "go.bundle", source: str = "", offline: bool = False, **more: Any
) -> Created:
    keeping = Keeping(str(site.top / "cache"), str(site.top / "state"))
    acquiring = Acquiring(LocalHost(site.environ), ME, keeping, source=source, offline=offline)
    return create(str(site.top / file), specs, acquiring, **more)


def log_at(site: Site, *, offline: bool = True) -> Log:
    host = LocalHost(site.environ)
    return log_of(
        database(host, ME), Web(host, ME, offline=offline), f"{site.top}/state/gosteward", f"{site.top}/cache"
    )


def inspected(site: Site, bundle: Path, *, quick: bool = False) -> Inspection:
    return inspect(str(bundle), log_at(site), quick=quick)


def failed(found: Inspection) -> dict[str, str]:
    checks = (*found.checks, *(check for one in found.releases for check in one.checks))
    return {check.name: str(check.text) for check in checks if check.status == "failed"}


class Parts(NamedTuple):
    """What a bundle is made of, to be changed by an attacker, and put together by another program than ours."""

    manifest: dict[str, Any]
    archives: dict[str, bytes]

    def written(self, path: Path) -> Path:
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as whole:
            for name, content in {MANIFEST: json.dumps(self.manifest).encode(), **self.archives}.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                whole.addfile(info, io.BytesIO(content))
        return path


def parts_of(bundle: Path) -> Parts:
    with tarfile.open(bundle) as whole:
        found = {member.name: whole.extractfile(member).read() for member in whole}  # type: ignore[union-attr]
    return Parts(json.loads(found.pop(MANIFEST)), found)


def test_what_was_packed_outside_is_installed_and_verified_inside_and_nobody_is_asked(
    site: Site, bundle: Path, proxy: ToolchainProxy
) -> None:
    proxy.log.asked.clear()
    proxy.files.clear()
    assert inspected(site, bundle).exit_code == 0
    result = site.install("1.26.90", source=str(bundle), offline=True)
    assert (result.version, result.source) == ("go1.26.90", str(bundle))
    assert result.evidence is not None
    assert [(proof.kind, proof.value) for proof in result.evidence.proofs] == [("log", RELEASE.h1)]
    wanted = verify.Wanted(str(site.root / "go1.26.90"), offline=True, files_only=True, log=log_at(site))
    assert {check.name: check.status for check in verify.verify(wanted, LocalHost(site.environ)).checks}[
        "files"
    ] == "ok"
    assert log_at(site).logged("golang.org/toolchain", RELEASE.module_version).zip_h1 == RELEASE.h1
    assert proxy.log.asked == []


def test_a_bundle_that_was_used_once_is_used_again_and_a_damaged_copy_is_replaced(site: Site, bundle: Path) -> None:
    site.install("1.26.90", source=str(bundle), offline=True)
    site.undo()
    (copy,) = (site.top / "cache/downloads").iterdir()
    copy.write_bytes(b"damaged")
    assert site.install("1.26.90", source=str(bundle), offline=True).version == "go1.26.90"
    assert copy.read_bytes() == RELEASE.zip()


def test_same_inputs_give_the_same_bytes_in_whatever_order(outside: Site) -> None:
    pack(outside, "1.26.91", "1.26.90", file="a.bundle")
    pack(outside, "1.26.90", "latest", "1.26.91", file="b.bundle")
    pack(outside, "1.26.90", "1.26.91", file="c.bundle", source=str(outside.top / "b.bundle"), offline=True)
    a, b, c = ((outside.top / f"{name}.bundle").read_bytes() for name in "abc")
    assert a == b == c
    outside.environ.update(SOURCE_DATE_EPOCH="1785931201")
    pack(outside, "1.26.90", "1.26.91", file="d.bundle")
    assert (outside.top / "d.bundle").read_bytes() == a.replace(b"2026-08-05T12:00:00Z", b"2026-08-05T12:00:01Z")


def test_releases_of_several_platforms_and_a_line_are_in_one_file(site: Site, outside: Site) -> None:
    made = pack(outside, "1.26.90", for_platforms=("linux-amd64", "linux-arm64"))
    assert [r.shown for r in made.manifest.releases] == ["go1.26.90 linux-amd64", "go1.26.90 linux-arm64"]
    bundle = sources.Bundle(made.path)
    assert bundle.versions(Platform("arm64")) == ("go1.26.90",)
    assert bundle.offer("go1.26.90", Platform("s390x")) is None
    assert inspected(site, outside.top / "go.bundle").exit_code == 0
    assert site.install("1.26", source=made.path, offline=True).version == "go1.26.90"


def test_tarballs_are_packed_and_installed_as_well(site: Site, outside: Site, proxy: ToolchainProxy) -> None:
    with godev_server(RELEASE) as dev:
        made = pack(outside, "1.26.90", source=dev.url)
    assert [(r.form, r.h1) for r in made.manifest.releases] == [("archive", RELEASE.h1)]
    found = inspected(site, outside.top / "go.bundle")
    assert (found.exit_code, [check.name for check in found.releases[0].checks]) == (
        0,
        ["sha256", "pinned", "h1", "log"],
    )
    site.install("1.26.90", source=made.path, offline=True)
    assert (site.root / "go1.26.90/test").is_dir()


def test_bundles_in_a_directory_are_a_source_and_one_that_is_broken_harms_no_other(site: Site, bundle: Path) -> None:
    (bundle.parent / "a.bundle").write_bytes(bundle.read_bytes()[:-2000])
    assert site.install("latest", source=str(bundle.parent), offline=True).version == "go1.26.90"
    bundle.unlink()
    folder = sources.Folder(LocalHost({}), str(bundle.parent))
    with pytest.raises(ArchiveError, match="it was cut"):
        folder.offer("go1.26.90", Platform("amd64"))


def test_a_source_may_be_named_by_a_relative_path(site: Site, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bundle.parent)
    assert site.install("1.26.90", source="go.bundle", offline=True).source == str(bundle)
    (bundle.parent / "other").write_text("text")
    with pytest.raises(DecodeError, match="this is no bundle"):
        site.install("1.26.91", source="other")


def test_members_that_nobody_knows_are_told_and_kept_out_of_trust(site: Site, outside: Site) -> None:
    pack(outside, "1.26.90", others=(("tables/releases.json", b'{"a": 1}'),))
    found = inspected(site, outside.top / "go.bundle")
    assert (found.exit_code, [member.name for member in found.bundle.others]) == (0, ["tables/releases.json"])
    assert bundle_file.content(found.bundle, found.bundle.others[0], 100) == b'{"a": 1}'
    assert site.install("1.26.90", source=found.bundle.path, offline=True).version == "go1.26.90"


class TestNotPacked:
    """What proves itself neither here nor inside is not written."""

    def refused(self, outside: Site, error: type[StewardError], said: str, spec: str = "1.26.90", **more: Any) -> None:
        with pytest.raises(error, match=said):
            pack(outside, spec, **more)
        assert not list(outside.top.glob("*.bundle*"))

    def test_release_that_no_log_proves(self, outside: Site, proxy: ToolchainProxy) -> None:
        for path in [path for path in proxy.files if "/sumdb/" in path]:
            del proxy.files[path]
        proxy.log.tampered = lambda _, answer: answer._replace(status=500)
        self.refused(outside, UnprovedError, "it has no proof of the log")

    def test_archive_that_holds_something_else(self, outside: Site, proxy: ToolchainProxy) -> None:
        evil = small_release("go1.26.90", **{"src/fmt/print.go": b"package fmt // evil\n"})
        right = proxy.files[proxy.path(RELEASE, "zip")]
        proxy.files[proxy.path(RELEASE, "zip")] = evil.zip()
        self.refused(outside, MismatchError, f"{evil.h1}, and {RELEASE.h1} is proved".replace("+", r"\+"))
        proxy.files[proxy.path(RELEASE, "zip")] = right  # the wrong one was not kept
        pack(outside, "1.26.90")

    def test_page_instead_of_an_archive(self, outside: Site, proxy: ToolchainProxy) -> None:
        proxy.files[proxy.path(RELEASE, "zip")] = b"<!DOCTYPE html><title>Sign in</title>" * 100
        self.refused(outside, ArchiveError, "no zip archive")

    def test_version_or_platform_that_nobody_has(self, outside: Site) -> None:
        self.refused(outside, StewardError, "no source has go1.26.99", "1.26.99")
        self.refused(outside, UsageError, "no release for this platform", for_platforms=("windows-amd64",))

    def test_over_a_file_that_is_there(self, outside: Site, bundle: Path) -> None:
        before = bundle.read_bytes()
        with pytest.raises(UsageError, match="it is there already"):
            pack(outside, "1.26.91")
        assert bundle.read_bytes() == before
        pack(outside, "1.26.91", replace=True)
        assert bundle.read_bytes() != before


class TestAttacks:
    """Each is found by `inspect`, which names both values, and by `install`, which leaves nothing behind."""

    def check(self, site: Site, bundle: Path, error: type[StewardError], said: str, names: set[str]) -> None:
        """The checks of `inspect` that fail; with none of them the file is refused before any of them is made."""
        if names:
            found = inspected(site, bundle)
            assert (set(failed(found)), found.exit_code) == (names, 1)
        else:
            with pytest.raises(error, match=said):
                inspected(site, bundle)
        before = site.names()
        with pytest.raises(error, match=said):
            site.install("1.26.90", source=str(bundle), offline=True)
        assert site.names() == before
        assert not list(site.top.rglob(".gosteward-*"))

    def test_tampered_archive(self, site: Site, bundle: Path) -> None:
        content = bytearray(bundle.read_bytes())
        content[len(content) // 2] ^= 1
        bundle.write_bytes(content)
        stated = parts_of(bundle).manifest["releases"][0]["sha256"]
        self.check(site, bundle, MismatchError, f"SHA-256 {stated}, and it has [0-9a-f]{{64}}", {"sha256", "h1"})
        assert stated in failed(inspected(site, bundle))["sha256"]
        assert inspected(site, bundle, quick=True).exit_code == 0

    def test_other_archive_with_a_fitting_digest(self, site: Site, bundle: Path) -> None:
        parts, evil = parts_of(bundle), small_release("go1.26.90", **{"src/fmt/print.go": b"package fmt // evil\n"})
        parts.archives[NAME] = evil.zip()
        parts.manifest["releases"][0].update(size=len(evil.zip()), sha256=hashlib.sha256(evil.zip()).hexdigest())
        said = f"{evil.h1}.*{RELEASE.h1} is proved".replace("+", r"\+")
        self.check(site, parts.written(bundle), MismatchError, said, {"h1"})
        assert {RELEASE.h1, evil.h1} <= set(failed(inspected(site, bundle))["h1"].replace(",", "").split())

    def test_swapped_h1(self, site: Site, bundle: Path) -> None:
        parts = parts_of(bundle)
        parts.manifest["releases"][0]["h1"] = NEWER.h1
        said = f"the manifest says {NEWER.h1}.*its proof is about {RELEASE.h1}".replace("+", r"\+")
        self.check(site, parts.written(bundle), ArchiveError, said, set())

    def test_proof_of_another_release(self, site: Site, outside: Site, bundle: Path) -> None:
        pack(outside, "1.26.91", file="newer.bundle")
        parts = parts_of(bundle)
        other = parts_of(outside.top / "newer.bundle").manifest["releases"][0]
        parts.manifest["releases"][0].update({key: other[key] for key in ("h1", "proof", "record")})
        self.check(site, parts.written(bundle), ArchiveError, "its proof proves nothing", set())

    def test_tampered_proof(self, site: Site, bundle: Path) -> None:
        parts = parts_of(bundle)
        lines = parts.manifest["releases"][0]["proof"].split("\n")
        lines[3], lines[4] = lines[4], lines[3]
        parts.manifest["releases"][0]["proof"] = "\n".join(lines)
        self.check(site, parts.written(bundle), ForgeryError, "the record is not number", {"log"})

    def test_proof_that_is_no_proof(self, site: Site, bundle: Path) -> None:
        parts = parts_of(bundle)
        parts.manifest["releases"][0]["proof"] = "trust me\n"
        self.check(site, parts.written(bundle), ArchiveError, "its proof proves nothing", set())

    def test_head_that_was_changed_after_it_was_signed(self, site: Site, bundle: Path) -> None:
        parts = parts_of(bundle)
        lines = parts.manifest["log"]["head"].split("\n")
        parts.manifest["log"]["head"] = "\n".join([lines[0], "999999", *lines[2:]])
        self.check(site, parts.written(bundle), ForgeryError, "the signature is wrong", {"head"})
        parts.manifest["log"]["head"] = "no head"
        self.check(site, parts.written(bundle), ForgeryError, "proves nothing", {"head"})

    def test_foreign_key(self, site: Site, bundle: Path) -> None:
        with toolchain_proxy(RELEASE, name="other.example") as other:
            site.environ.update(GOSUMDB=other.vkey)
            self.check(site, bundle, ForgeryError, "not by the key that is trusted: other.example", {"head", "log"})

    @pytest.mark.parametrize("kept", [0.0, 0.2, 0.5, 0.99])
    def test_truncated_file(self, site: Site, bundle: Path, kept: float) -> None:
        content = bundle.read_bytes()
        bundle.write_bytes(content[: 700 + int((len(content) - 700) * kept)])
        self.check(site, bundle, ArchiveError, "it was cut: it has [0-9]+ bytes", set())

    def test_file_that_is_no_bundle(self, site: Site, bundle: Path) -> None:
        for content in (b"", RELEASE.zip(), bundle.read_bytes()[512:]):
            bundle.write_bytes(content)
            self.check(site, bundle, DecodeError, "this is no bundle of gosteward", set())

    def test_member_that_is_a_link_a_directory_or_a_device(self, site: Site, bundle: Path) -> None:
        for kind, said in (
            (tarfile.SYMTYPE, "symbolic link"),
            (tarfile.DIRTYPE, "directory"),
            (tarfile.CHRTYPE, "device"),
        ):
            info = tarfile.TarInfo("x")
            info.type, info.linkname = kind, "/etc/shadow" if kind == tarfile.SYMTYPE else ""
            content = bundle.read_bytes()[:-1024] + info.tobuf(tarfile.USTAR_FORMAT) + bytes(1024)
            (bundle.parent / "odd").write_bytes(content)
            self.check(site, bundle.parent / "odd", ArchiveError, said, set())

    def test_second_archive_of_the_same_name(self, site: Site, bundle: Path) -> None:
        with tarfile.open(bundle, "a", format=tarfile.USTAR_FORMAT) as whole:
            whole.addfile(tarfile.TarInfo(NAME))
        self.check(site, bundle, ArchiveError, "two members have this name", set())

    @pytest.mark.parametrize("change", [lambda a: a.clear(), lambda a: a.update({NAME: b"short"})])
    def test_archive_that_is_missing_or_has_another_size(
        self, site: Site, bundle: Path, change: Callable[[dict[str, bytes]], object]
    ) -> None:
        parts = parts_of(bundle)
        change(parts.archives)
        self.check(
            site, parts.written(bundle), ArchiveError, "the bundle has not|it has 5 bytes, and the manifest", set()
        )

    def test_manifest_that_names_a_path(self, site: Site, bundle: Path) -> None:
        parts = parts_of(bundle)
        parts.manifest["releases"][0]["file"] = "../../../etc/cron.d/x"
        self.check(site, parts.written(bundle), DecodeError, "no manifest of a bundle", set())


class TestForkedLog:
    """Somebody who has the key of the log shows one tree to who makes a bundle, and another one to the rest."""

    @pytest.fixture
    def forked(self, site: Site, proxy: ToolchainProxy) -> Iterator[Path]:
        """A bundle of RELEASE, made against a log in which something else is before it."""
        top = site.top / "victim"
        top.mkdir()
        with toolchain_proxy(NEWER, RELEASE) as evil:
            evil.log.signer = proxy.log.signer
            victim = Site(top, {**site.environ, "GOPROXY": evil.url})
            pack(victim, "1.26.90")
            yield top / "go.bundle"

    def heads(self, caught: pytest.ExceptionInfo[ForgeryError], bundle: Path) -> bool:
        """Whether both heads are named, one of them that of the bundle."""
        assert caught.value.reason == "fork"
        return len(set(caught.value.heads)) == 2 and parts_of(bundle).manifest["log"]["head"] in caught.value.heads

    def test_it_is_found_at_the_next_contact_by_a_host_that_remembers_no_head(
        self, site: Site, proxy: ToolchainProxy, forked: Path
    ) -> None:
        site.install("1.26.90", source=str(forked), offline=True)
        with pytest.raises(ForgeryError) as caught:
            site.install("1.26.91")
        assert self.heads(caught, forked)

    def test_it_is_found_at_the_next_contact_by_a_host_that_has_seen_the_log_before(
        self, site: Site, proxy: ToolchainProxy, forked: Path
    ) -> None:
        site.install("1.26.91")
        publish(proxy.log, LATER)
        site.install("1.26.90", source=str(forked), offline=True)
        remembered = next((site.top / "state/gosteward/log").glob("head-*")).read_text()
        assert remembered != parts_of(forked).manifest["log"]["head"]
        for _ in range(2):  # what was met is not forgotten by being told
            with pytest.raises(ForgeryError) as caught:
                site.install("1.26.92")
            assert self.heads(caught, forked)
        assert next((site.top / "state/gosteward/log").glob("head-*")).read_text() == remembered

    def test_it_is_found_at_once_where_a_tree_of_that_size_was_seen(
        self, site: Site, proxy: ToolchainProxy, forked: Path
    ) -> None:
        honest = log_at(site, offline=False)
        with toolchain_proxy(RELEASE, NEWER) as other:  # as long as the forked one, and in another order
            other.log.signer = proxy.log.signer
            honest.bases = (other.base,)
            honest.logged("golang.org/toolchain", NEWER.module_version)
        found = inspected(site, forked)
        assert (found.exit_code, set(failed(found))) == (1, {"fork"})
        with pytest.raises(ForgeryError) as caught:
            site.install("1.26.90", source=str(forked), offline=True)
        assert self.heads(caught, forked)

    def test_two_hashes_for_one_release_exclude_each_other(
        self, site: Site, proxy: ToolchainProxy, outside: Site
    ) -> None:
        evil = small_release("go1.26.90", **{"src/fmt/print.go": b"package fmt // evil\n"})
        log_at(site, offline=False).logged("golang.org/toolchain", RELEASE.module_version)
        with toolchain_proxy(evil) as other:
            other.log.signer = proxy.log.signer
            outside.environ.update(GOPROXY=other.url)
            made = pack(outside, "1.26.90")
        with pytest.raises(ForgeryError, match="two hashes for one release") as caught:
            site.install("1.26.90", source=made.path, offline=True)
        assert RELEASE.h1 in str(caught.value)
        assert evil.h1 in str(caught.value)


def test_honest_heads_of_bundles_are_forgotten_once_the_log_continues_them(
    site: Site, outside: Site, proxy: ToolchainProxy, bundle: Path
) -> None:
    publish(proxy.log, LATER)
    log_at(site, offline=False).logged("golang.org/toolchain", LATER.module_version)
    remembered = next((site.top / "state/gosteward/log").glob("head-*")).read_text()
    site.install("1.26.90", source=str(bundle), offline=True)
    (met,) = (site.top / "state/gosteward/log").glob("met-*")
    assert json.loads(met.read_text()) == [parts_of(bundle).manifest["log"]["head"]]
    assert next((site.top / "state/gosteward/log").glob("head-*")).read_text() == remembered
    site.install("1.26.91")
    assert not met.exists()


def test_no_more_heads_are_kept_than_the_newest_ones(site: Site, proxy: ToolchainProxy) -> None:
    log = log_at(site, offline=False)
    log.logged("golang.org/toolchain", RELEASE.module_version)
    text = log.logged("golang.org/toolchain", RELEASE.module_version).proof
    heads = [proxy.log.head(size) for size in range(100, 100 + MOST_MET + 3)]
    for head in (*heads, *heads[-2:]):
        log.accept("golang.org/toolchain", RELEASE.module_version, text, head)
    (met,) = (site.top / "state/gosteward/log").glob("met-*")
    assert json.loads(met.read_text()) == heads[3:]


def test_heads_that_were_met_and_cannot_be_read_are_not_taken_for_none(site: Site, proxy: ToolchainProxy) -> None:
    log = log_at(site, offline=False)
    log.logged("golang.org/toolchain", RELEASE.module_version)
    (head,) = (site.top / "state/gosteward/log").glob("head-*")
    for damage in ("[", "3", '["x"]'):
        head.with_name(head.name.replace("head-", "met-")).write_text(damage)
        with pytest.raises(StewardError, match="the remembered tree head cannot be used"):
            log.logged("golang.org/toolchain", NEWER.module_version)


def test_the_commands_as_they_are_typed(tmp_path: Path, proxy: ToolchainProxy) -> None:
    shell = Shell(tmp_path, GOPROXY=proxy.url, GOSUMDB=proxy.vkey)
    file, at = tmp_path / "go.bundle", f"--root {shell.root}"
    found = shell.run(
        f"bundle create {file} 1.26.90", f"bundle inspect {file}", f"bundle inspect {file} --quick --format json --lang zh",
        f"install latest {at} --no-links --offline --from {file}", f"bundle create {file} 1.26.91", f"bundle inspect {tmp_path}",
        "bundle inspect /etc/passwd", "bundle", f"bundle create {file} 1.26.91 --force --format json", f"bundle inspect {file} --lang zh",
    )  # fmt: skip
    assert [ran.code for ran in found] == [0, 0, 0, 0, 2, 2, 2, 2, 0, 0], [ran.said for ran in found]
    assert found[0].said.startswith(
        f"wrote {file}, 0.0 MB, all releases in it proved\n  go1.26.90 linux-amd64, 0.0 MB from {proxy.url}: record 300"
    )
    assert f"\n  ok: holds the tree {RELEASE.h1}\n" in found[1].said
    quick = json.loads(found[2].said)
    assert (quick["schema"], quick["proved"], quick["hashed"]) == ("gosteward.bundle-inspection/1", False, False)
    assert "proved by the transparency log (log.example, record 300)" in found[3].said
    assert (
        found[4].said
        == f"gosteward: it is there already: {file}\nhint: give it another name, or replace it with --force\n"
    )
    assert json.loads(found[8].said)["releases"][0]["version"] == "go1.26.91"
    assert "全部 1 个版本都得到证明" in found[9].said
    assert os.listdir(tmp_path / "opt/go")
