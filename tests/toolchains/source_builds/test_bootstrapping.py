"""What builds a release is a Go that can, that runs, and that nobody else could change; else it is fetched, or built from C on."""

from __future__ import annotations

import os
from hashlib import sha256

import pytest

from gosteward.errors import UsageError
from gosteward.knowledge import release_digests
from gosteward.knowledge.release_digests import Pinned
from gosteward.toolchains.proving.proofs import UnprovedError
from gosteward.toolchains.source_builds import bootstrapping
from toolchains.small_release import small_release
from toolchains.source_builds.works import VERSION, Works, fake_go
from toolchains.source_release import BUILDER, source_archive


def test_a_tree_that_cannot_build_is_refused_with_the_reason(works: Works) -> None:
    top = works.site.top
    (top / "loop").symlink_to(works.site.root / VERSION)
    old = fake_go(top / "old", "echo go version go1.24.5 linux/amd64")
    for directory, part in (
        (old, "go1.24.5 cannot build go1.26.90: go1.24.6 or later is needed"),
        (fake_go(top / "broken", "echo no library >&2; exit 127"), r"does not run \(no library \(exit code 127\)\)"),
        (str(top / "nothing"), "no Go tree"),
        (str(works.site.bin), "no Go tree"),
    ):
        with pytest.raises(UsageError, match=part):
            works.build(bootstrap=directory)
    target = fake_go(works.site.root / "go1.26.77", "echo go version go1.26.8 linux/amd64")
    here = bootstrapping.Here(works.site.changing().host, str(works.site.root), "", target)
    for same in (target, f"{target}/../go1.26.77"):
        with pytest.raises(UsageError, match="must not be the tree that is built"):
            bootstrapping.said_by(same, VERSION, here)
    assert works.left() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="anybody may run a go of his own")
def test_root_builds_with_nothing_that_somebody_else_could_change(works: Works) -> None:
    tree = fake_go(works.site.top / "open", "echo go version go1.26.8 linux/amd64")
    os.chmod(f"{tree}/bin/go", 0o777)
    os.chmod(works.site.top, 0o755)
    with pytest.raises(UsageError, match="others than root may change"):
        works.build(bootstrap=tree)


def test_without_a_go_one_is_fetched_and_does_not_stay(bare: Works) -> None:
    other = small_release(
        "go1.24.13",
        **{
            "bin/go": f'#!/bin/sh\n[ "$1" = version ] && echo go version go1.24.13 linux/amd64 || exec {BUILDER}/bin/go "$@"\n'.encode()
        },
    )
    bare.publish(other)
    result = bare.build(bootstrap="auto")
    assert (result.builders, result.files) == (("go1.24.13",), len(bare.release.module_files))
    assert sorted(os.listdir(bare.site.root)) == [".installed", "current", VERSION]


def test_what_is_here_and_sound_is_taken_the_newest_of_it(bare: Works) -> None:
    runs = f'[ "$1" = version ] && echo go version VERSION linux/amd64 || exec {BUILDER}/bin/go "$@"'
    for name in ("go1.24.5", "go1.25.3", "go1.24.9"):
        fake_go(bare.site.root / name, runs.replace("VERSION", name))
    fake_go(bare.site.root / "go1.26.89", "exit 1")
    assert bare.build(bootstrap="auto").builders == ("go1.25.3",)


STEP = """#!/usr/bin/env bash
set -e
mkdir -p ../bin ../pkg
if [ "$GOROOT_BOOTSTRAP" ]; then built="by $("$GOROOT_BOOTSTRAP/bin/go" version | cut -d' ' -f3)"; else echo 'int main(void) { return 0; }' > c.c; cc -o c c.c; built="by C"; fi
echo "$(head -1 ../VERSION) $built" >> PLACE/chain
printf '#!/bin/sh\\n[ "$1" = version ] && echo go version %s linux/amd64 || exec BUILDER/bin/go "$@"\\n' "$(head -1 ../VERSION)" > ../bin/go
chmod +x ../bin/go
"""


def test_from_nothing_c_begins_a_chain_in_which_each_builds_the_next(
    bare: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = bare.site.top / "sources"
    sources.mkdir()
    make = STEP.replace("PLACE", str(bare.place)).replace("BUILDER", str(BUILDER)).encode()
    names = {
        "go1.4-bootstrap-20171003.tar.gz": "go1.4-bootstrap-20170531",
        **{f"{v}.src.tar.gz": v for v in ("go1.17.13", "go1.20.14", "go1.22.12", "go1.24.13")},
    }
    for name, version in names.items():
        content = source_archive({"VERSION": version.encode(), "src/make.bash": make})
        (sources / name).write_bytes(content)
        if "bootstrap" in name:
            only = Pinned(sha256(content).hexdigest(), "a test")
            monkeypatch.setattr(release_digests, "pinned", {name: only}.get)
    own = bare.site.top / f"{bare.release.module_version}.zip"
    own.write_bytes(bare.release.zip())
    with pytest.raises(UnprovedError):
        bare.build(str(own), bootstrap="auto", source=str(sources))
    result = bare.build(str(own), bootstrap="auto", source=str(sources), reason="the sources are ours")
    assert result.builders == ("go1.4", "go1.17.13", "go1.20.14", "go1.22.12", "go1.24.13")
    assert "is built by go1.24.13, which is built by go1.22.12, which is built by go1.20.14, which" in " ".join(
        bare.said
    )
    assert (bare.place / "chain").read_text().splitlines() == [
        "go1.4-bootstrap-20170531 by C", "go1.17.13 by go1.4-bootstrap-20170531", "go1.20.14 by go1.17.13", "go1.22.12 by go1.20.14",
        "go1.24.13 by go1.22.12",
    ]  # fmt: skip
    # However long the way is: what comes out is the official release.
    assert [proof.kind for proof in result.evidence.proofs] == ["log", "rebuilt"]
