"""The list of releases: what go.dev sends is read, and what a hostile server sends in its place is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosteward.golang.platforms import Platform
from gosteward.golang.release_index import ReleaseIndexError, archive_of, parse, parse_digest, sources_of
from growth import grows_linearly

DIGEST = "d0f743b33e8d8945e6b1f432edd15785c70507121d6e2a723b21285eddf8b57b"


def entry(name: str, version: str = "go1.26.8", **more: object) -> dict[str, Any]:
    """A file as go.dev describes it."""
    fields = {"filename": name, "os": "linux", "arch": "amd64", "version": version, "sha256": DIGEST, "size": 66897291, "kind": "archive"}  # fmt: skip
    return {**fields, **more}


def index(*files: object, version: object = "go1.26.8", stable: object = True) -> str:
    return json.dumps([{"version": version, "stable": stable, "files": [*files]}])


ARM = entry("go1.26.8.linux-armv6l.tar.gz", arch="armv6l")
SOURCES = entry("go1.26.8.src.tar.gz", os="", arch="", kind="source")


def test_archive_and_sources_are_found_by_platform() -> None:
    (release,) = parse(index(entry("go1.26.8.linux-amd64.tar.gz"), ARM, SOURCES))
    assert (release.version, release.stable) == ("go1.26.8", True)
    found = archive_of(release, Platform("arm"))
    assert found is not None
    assert (found.name, found.size) == ("go1.26.8.linux-armv6l.tar.gz", 66897291)
    assert found.has_digest(DIGEST.upper())
    assert archive_of(release, Platform("arm64")) is None
    sources = sources_of(release)
    assert sources is not None
    assert sources.kind == "source"


def test_old_file_without_a_digest_equals_nothing() -> None:
    (release,) = parse(index(entry("go1.4.2.linux-amd64.tar.gz", "go1.4.2", sha256="", size=0), version="go1.4.2"))
    found = archive_of(release, Platform("amd64"))
    assert found is not None
    assert not found.has_digest("")
    assert not found.has_digest(DIGEST)


def test_oddities_of_the_real_list_are_read() -> None:
    names = ("go1.6beta1.linux-arm6.tar.gz", "go1.4.2.darwin-386-osx10.6.tar.gz", "go1.9.2rc2.windows-amd64.msi")
    for name, version in zip(names, ("go1.6beta1", "go1.4.2", "go1.9.2rc2")):
        (release,) = parse(index(entry(name, version), version=version))
        assert release.files[0].name == name


def test_older_release_under_the_name_of_a_newer_one_is_not_found() -> None:
    (release,) = parse(index(entry("go1.20.1.linux-amd64.tar.gz")))
    assert archive_of(release, Platform("amd64")) is None


@pytest.mark.parametrize(
    "file",
    [
        entry("../../etc/cron.d/go1"),
        entry("go1.26.8/linux.tar.gz"),
        entry("go1.26.8.linux-amd64.tar.gz\n"),
        entry("go1.26.8..linux-amd64.tar.gz"),
        entry("-rf"),
        entry(""),
        entry("go1.26.8.linux-amd64.tar.gz", size=-1),
        entry("go1.26.8.linux-amd64.tar.gz", size=1 << 40),
        entry("go1.26.8.linux-amd64.tar.gz", size="66897291"),
        entry("go1.26.8.linux-amd64.tar.gz", size=True),
        entry("go1.26.8.linux-amd64.tar.gz", size=None),
        entry("go1.26.8.linux-amd64.tar.gz", sha256=None),
        entry("go1.26.8.linux-amd64.tar.gz", sha256=DIGEST[:-1]),
        entry("go1.26.8.linux-amd64.tar.gz", sha256=DIGEST[:-1] + "٣"),
        entry("go1.26.8.linux-amd64.tar.gz", version="go1.26.7"),
        entry("go1.26.8.linux-amd64.tar.gz", os="li\x1bnux"),
        entry("go1.26.8.linux-amd64.tar.gz", arch=["amd64"]),
        {},
        None,
        ["go1.26.8"],
    ],
)  # fmt: skip
def test_impossible_file_spoils_the_list(file: object) -> None:
    with pytest.raises(ReleaseIndexError) as caught:
        parse(index(ARM, file))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "null", "[1]", "[[]]", "[" * 100_000, '[{"size": ' + "9" * 100_000 + "}]", "[NaN]", "[1e999]", "[0.5]",
        "<!DOCTYPE html><title>Log in</title>", index(version=1), index(version="go1.26.8/x"), index(version="GO1.26.8"),
        index(stable="yes"), index(stable=1), json.dumps([{"version": "go1.26.8", "stable": True, "files": {}}]),
        index(ARM, ARM), json.dumps([json.loads(index(ARM))[0]] * 2), index(*[{}] * 600), "[" + "1," * 6000 + "1]",
    ],
    ids=range(21),
)  # fmt: skip
def test_what_is_no_list_of_releases_is_refused(text: str) -> None:
    with pytest.raises(ReleaseIndexError):
        parse(text)


def test_page_of_a_log_in_is_called_one() -> None:
    with pytest.raises(ReleaseIndexError) as caught:
        parse("\ufeff\n<!DOCTYPE html>")
    assert "web page" in caught.value.hint


@pytest.mark.parametrize("text", [DIGEST, f"{DIGEST}\n", DIGEST.upper()])
def test_digest_file_is_read_with_and_without_an_end_of_line(text: str) -> None:
    assert parse_digest(text) == DIGEST


@pytest.mark.parametrize("text", ["", "<!DOCTYPE html>" + "x" * 5000, DIGEST[:-1], DIGEST + "0", f"{DIGEST}  go1.26.8.linux-amd64.tar.gz", DIGEST[:-1] + "g"])  # fmt: skip
def test_other_text_is_no_digest(text: str) -> None:
    with pytest.raises(ReleaseIndexError):
        parse_digest(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("go1.26.8"),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["version", "stable", "files", "filename", "size", "sha256", "os"]), inner),
    max_leaves=12,
)


@given(JSON.map(json.dumps) | st.text(max_size=60))
def test_no_text_makes_the_reader_fail_otherwise(text: str) -> None:
    releases, said = (), ""
    try:
        releases = parse(text)
    except ReleaseIndexError as error:
        said = str(error)
    assert said.isprintable()
    assert all("/" not in file.name for release in releases for file in release.files)


def test_long_list_is_read_in_linear_time() -> None:
    def work(size: int) -> object:
        files = [entry(f"go1.26.8.linux-x{n}.tar.gz") for n in range(20)]
        return parse(json.dumps([{"version": f"go1.{n}.1", "stable": True, "files": [{**f, "version": f"go1.{n}.1"} for f in files]} for n in range(size)]))  # fmt: skip

    assert grows_linearly(work, 800)
