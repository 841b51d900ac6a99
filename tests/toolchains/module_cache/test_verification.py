"""`verify --modcache` finds whatever in a real module cache is not what the log names, and asks nobody about private modules."""

from __future__ import annotations

import os
import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.errors import UsageError
from gosteward.golang import cached_names, gomod
from gosteward.host.local import LocalHost
from gosteward.toolchains.module_cache import listing, reading, verification
from gosteward.toolchains.origins import settings
from gosteward.toolchains.origins.settings import database
from gosteward.toolchains.origins.web import Web
from gosteward.toolchains.proving.transparency import log_of
from toolchains.cached_modules import GOROOT, PRIVATE, PUBLIC, VERSION, environment, filled_cache
from toolchains.conftest import ME
from toolchains.small_release import MODULE, small_release

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gosteward.toolchains.module_cache.judging import Judged
    from gosteward.toolchains.module_cache.verification import VerifiedCache
    from toolchains.cached_modules import FilledCache

pytestmark = pytest.mark.skipif(not os.path.exists(f"{GOROOT}/bin/go"), reason=f"no go in {GOROOT}/bin")
REAL = PUBLIC[0]
ALL_OK = {REAL: "ok", PUBLIC[1]: "ok", PUBLIC[2]: "ok", MODULE: "ok", PRIVATE: "private"}


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FilledCache]:
    monkeypatch.setattr(settings, "TREES", ())
    with filled_cache(tmp_path) as found:
        yield found


def verified(filled: FilledCache, offline: bool = True, **environ: str) -> VerifiedCache:
    host = LocalHost({**environment(filled.top, filled.proxy), **environ})
    web = Web(host, ME, offline=offline)
    named = database(host, ME)._replace(folders=())
    log = log_of(named, web, f"{filled.top}/state", f"{filled.top}/cache")
    return verification.verify(verification.Wanted(str(filled.cache), offline, log), host)


def statuses(found: VerifiedCache) -> dict[str, str]:
    return {one.module: one.status for one in found.versions}


def only_failed(found: VerifiedCache) -> Judged:
    (one,) = found.of("failed")
    assert found.exit_code == 1
    return one


def test_a_sound_cache_is_proved_without_asking_anybody(filled: FilledCache) -> None:
    found = verified(filled)
    assert (statuses(found), found.exit_code, found.odd) == (ALL_OK, 0, ())
    assert filled.proxy.log.asked == []
    assert {one.h1 for one in found.of("ok")} == {filled.file(m, "ziphash").read_text() for m in (*PUBLIC, MODULE)}


def test_what_go_kept_nothing_about_is_asked_for_at_once_and_private_modules_never(filled: FilledCache) -> None:
    filled.forget_the_log()
    found = verified(filled)
    assert (found.exit_code, len(found.of("not-judged"))) == (3, 4)
    assert "--offline" in str(found.of("not-judged")[0].reason)
    found = verified(filled, offline=False)
    assert (statuses(found), found.exit_code) == (ALL_OK, 0)
    asked = filled.proxy.log.asked
    assert sum(path.startswith("/lookup/") for path in asked) == 4
    assert not [path for path in asked if "corp" in path]
    assert len(asked) == len(set(asked))
    asked.clear()
    assert verified(filled).exit_code == 0
    assert asked == []


def test_a_module_that_the_log_does_not_have_is_not_judged(filled: FilledCache) -> None:
    filled.forget_the_log()
    del filled.proxy.log.places["/lookup/example.com/other@v1.0.0"]
    found = verified(filled, offline=False)
    (one,) = found.of("not-judged")
    assert (one.module, found.exit_code) == ("example.com/other", 3)
    assert str(one.reason).startswith("not in the log (the checksum database answered 404")


def test_a_lying_server_fails_what_it_lies_about(filled: FilledCache) -> None:
    """CVE-2026-42501: an empty record, for which go before 1.26.3 took everything."""
    filled.forget_the_log()
    log = filled.proxy.log
    head = log.head()
    log.tampered = lambda path, answer: (
        answer._replace(body=f"3\n{log.records[0]}\n{head}".encode())
        if path == "/lookup/example.com/other@v1.0.0"
        else answer
    )
    one = only_failed(verified(filled, offline=False))
    assert (one.module, one.faults) == ("example.com/other", ())
    assert "forged" in str(one.reason)


@pytest.mark.parametrize(("value", "asked"), [("off", ["toolchain"]), ("", ["other", "third", "toolchain", "!real"])])
def test_with_the_database_off_only_toolchains_are_asked_about(
    filled: FilledCache, value: str, asked: list[str]
) -> None:
    filled.forget_the_log()
    host = LocalHost({**environment(filled.top, filled.proxy), **({"GOSUMDB": value} if value else {})})
    log = log_of(database(filled.host, ME), Web(host, ME), f"{filled.top}/state", f"{filled.top}/cache")
    found = verification.verify(verification.Wanted(str(filled.cache), log=log), host)
    lookups = [path for path in filled.proxy.log.asked if path.startswith("/lookup/")]
    assert sorted(path.split("/")[3].partition("@")[0] for path in lookups) == sorted(asked)
    assert found.exit_code == (3 if value else 0)


def test_where_everything_is_private_nothing_is_proved(filled: FilledCache) -> None:
    shutil.rmtree(filled.cache / "golang.org")
    shutil.rmtree(filled.cache / "cache/download/golang.org")
    found = verified(filled, offline=False, GOPRIVATE="*")
    assert (set(statuses(found).values()), found.exit_code) == ({"private"}, 3)
    assert filled.proxy.log.asked == []
    assert verified(filled, GOPRIVATE="*", GONOSUMDB="corp.example").exit_code == 0


def put(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def test_a_changed_file_is_named_where_the_zip_is_sound(filled: FilledCache) -> None:
    directory = filled.directory(REAL)
    put(directory / "a.go", b"package evil\n")
    (directory / "sub/b.go").unlink()
    (directory / "extra.go").write_bytes(b"")
    (directory / "link.go").symlink_to("/etc/passwd")
    os.mkfifo(directory / "fifo")
    (fault,) = only_failed(verified(filled)).faults
    assert fault.path == str(directory)
    assert {(file.name, file.what) for file in fault.files} == {
        ("a.go", "changed"), ("sub/b.go", "missing"), ("extra.go", "extra"), ("link.go", "link"), ("fifo", "special"),
    }  # fmt: skip
    filled.file(REAL, "zip").unlink()
    (fault,) = only_failed(verified(filled)).faults
    assert {file.what for file in fault.files} == {"link", "special"}
    assert fault.wanted == filled.file(REAL, "ziphash").read_text() != fault.found


def other_zip(path: Path) -> None:
    path.chmod(0o644)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{REAL}@{VERSION}/a.go", b"package evil\n")


@pytest.mark.parametrize("kind", ["zip", "zip and hash", "no zip", "mod", "ziphash", "info", "info of another", "link"])
def test_each_poisoned_file_is_named_and_no_other(filled: FilledCache, kind: str) -> None:
    suffix = kind.split()[-1] if kind in ("no zip",) else kind.split()[0]
    suffix = "zip" if kind == "link" else suffix
    path = filled.file(REAL, suffix)
    wrong = [path]
    if kind.startswith("zip and"):
        wrong.append(filled.file(REAL, "ziphash"))
    if kind in ("zip", "zip and hash"):
        other_zip(path)
    if kind == "link":
        path.rename(filled.top / "elsewhere")
        path.symlink_to(filled.top / "elsewhere")
    elif kind == "info of another":
        put(path, b'{"Version":"v1.0.1"}')
    elif kind != "zip":
        put(wrong[-1], b"h1:" + b"A" * 43 + b"=")
    found = verified(filled)
    assert found.exit_code == 1
    if kind == "link":
        assert [(odd.path, odd.what) for odd in found.odd_of("failed")] == [(str(path), "link")]
    else:
        assert [fault.path for fault in only_failed(found).faults] == [str(place) for place in wrong]


def test_a_linked_directory_is_told_and_not_entered(filled: FilledCache) -> None:
    directory = filled.directory(REAL)
    directory.rename(filled.top / "elsewhere")
    directory.symlink_to(filled.top / "elsewhere")
    found = verified(filled)
    assert (found.exit_code, [odd.path for odd in found.odd_of("failed")]) == (1, [str(directory)])
    downloads = filled.cache / "cache/download"
    downloads.rename(filled.top / "downloads")
    downloads.symlink_to(filled.top / "downloads")
    found = verified(filled)
    assert [(odd.path, odd.what) for odd in found.odd_of("not-judged")] == [(str(downloads), "unreadable")]


def test_a_private_module_is_compared_with_itself(filled: FilledCache) -> None:
    put(filled.directory(PRIVATE) / "a.go", b"package evil\n")
    one = only_failed(verified(filled))
    assert (one.module, [file.name for file in one.faults[0].files]) == (PRIVATE, ["a.go"])


def test_a_changed_toolchain_is_found_and_the_copies_that_go_makes_are_not(filled: FilledCache) -> None:
    tree = filled.directory(MODULE)
    assert (tree / "src/go.mod").read_bytes() == (tree / "src/_go.mod").read_bytes()
    evil = small_release(**{"src/fmt/print.go": b"package evil\n"})
    put(tree / "src/fmt/print.go", evil.files["src/fmt/print.go"])
    put(tree / "src/cmd/go.mod", b"module evil\n")
    (tree / "bin/gofmt").chmod(0o644)
    (tree / "VERSION").chmod(0o666)
    modes, files = only_failed(verified(filled)).faults
    assert {(file.name, file.what) for file in modes.files} == {
        ("bin/gofmt", "not executable"), ("VERSION", "writable by anybody"),
    }  # fmt: skip
    assert {(file.name, file.what) for file in files.files} == {
        ("src/cmd/go.mod", "extra"), ("src/fmt/print.go", "changed"),
    }  # fmt: skip


def test_downloads_that_were_cut_and_strange_names_are_notes(filled: FilledCache) -> None:
    put(filled.directory(REAL) / "a.go", b"package half\n")
    filled.file(REAL, "partial").touch()
    (filled.cache / "example.com/x@v1.0.0.tmp-123").mkdir()
    (filled.cache / "example.com/Upper@v1.0.0").mkdir()
    (filled.cache / "example.com/\udc80\n").touch()
    filled.file(REAL, "zip123.tmp").touch()
    found = verified(filled)
    assert (statuses(found), found.exit_code) == (ALL_OK, 0)
    assert sorted(odd.what for odd in found.odd_of("note")) == [
        "stray",
        "stray",
        "unfinished",
        "unfinished",
        "unfinished",
    ]


def test_a_cache_without_an_end_is_cut_and_so_is_a_module(filled: FilledCache, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(reading, "MOST_BYTES", 1000)
        assert {one.status for one in verified(filled).versions} == {"failed"}
    monkeypatch.setattr(listing, "MOST_ENTRIES", 3)
    found = verified(filled)
    assert (found.cut, found.exit_code) == (True, 3)


def test_the_owner_of_another_cache_keeps_private_what_is_private(
    filled: FilledCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "_in_shells_of", lambda _: ["git.example"])
    patterns = verification._private_patterns(filled.host, ME, 4_000_002)
    assert patterns == "corp.example,git.example"


def test_no_cache_is_an_error_of_whoever_names_it(filled: FilledCache) -> None:
    with pytest.raises(UsageError, match="there is no module cache"):
        verification.verify(verification.Wanted(f"{filled.top}/nothing"), filled.host)


@given(st.text("abzAZ0.-/_~", max_size=30))
def test_names_in_the_cache_are_read_as_they_are_written(path: str) -> None:
    assert cached_names.unescaped(gomod.escape(path)) == path
