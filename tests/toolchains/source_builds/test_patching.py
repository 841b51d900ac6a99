"""A patched release has a name of its own, and only a patch that fits is applied, to the sources alone."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from gosteward.errors import StewardError, UsageError
from gosteward.toolchains.installed.store import installed
from toolchains.source_builds.works import PATCH, Works


def test_a_patched_release_has_a_name_of_its_own_and_its_record_names_the_patch(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = works.build(patches=works.patch())
    assert re.fullmatch(r"go1\.26\.90-patched\.[0-9a-f]{8}", result.version)
    go = works.site.bin / "go"
    said = [
        subprocess.run([go, word], capture_output=True, text=True, check=True).stdout for word in ("version", "patched")
    ]
    assert said == [f"go version {result.version} linux/amd64\n"] * 2
    record = json.loads((works.site.root / f".installed/{result.version}.json").read_text())
    assert [proof["kind"] for proof in record["proofs"]] == ["patch"]
    assert record["unverified_reason"] == f"patched: ours.patch sha256:{record['proofs'][0]['value']}"
    trees = installed(works.site.changing().host, str(works.site.root))
    assert [(tree.version, tree.current) for tree in trees] == [(result.version, True)]
    monkeypatch.chdir(works.site.top)
    assert works.build(patches=("ours.patch",), suffix="corp.1").version == "go1.26.90-corp.1"


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("at := count - 1", "at := count - 2", "does not fit exactly"),
        ("a/src/cmd", "a/../src/cmd", "line 3"),
        ("src/cmd/go/main.go", "VERSION", "changes VERSION"),
    ],
)
def test_a_patch_that_does_not_fit_or_leads_out_of_the_sources_is_refused(
    works: Works, old: str, new: str, part: str
) -> None:
    with pytest.raises(StewardError, match=part):
        works.build(patches=works.patch(PATCH.replace(old, new)))
    assert works.site.names() == []
    assert works.left() in ([], ["lock"])


def test_a_suffix_without_a_patch_and_one_that_could_be_a_path_are_refused(works: Works) -> None:
    for more in ({"suffix": "x"}, {"suffix": "../x", "patches": works.patch()}):
        with pytest.raises(UsageError):
            works.build(**more)
