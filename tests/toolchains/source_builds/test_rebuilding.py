"""`verify --rebuild` tells a tree that is what its sources come to from one that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gosteward.errors import UsageError
from gosteward.toolchains.installed import goroots
from gosteward.toolchains.source_builds import bootstrapping
from gosteward.toolchains.source_builds.rebuilding import Rebuilding
from toolchains.conftest import ME
from toolchains.source_builds.works import VERSION, Works
from toolchains.source_release import BUILDER

if TYPE_CHECKING:
    from pathlib import Path


def rebuilt(works: Works, tree: Path) -> tuple[str, tuple[str, ...]]:
    host = works.site.changing().host
    rebuilding = Rebuilding(host, ME, works.keeping, root=str(works.site.root))
    check = rebuilding.check(goroots.goroot_at(host, str(tree)))
    return check.status, tuple(file.name for file in check.files)


def test_a_tree_is_what_its_sources_come_to_or_its_files_are_named(
    bare: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = bare
    monkeypatch.setattr(bootstrapping, "PLACES", (str(BUILDER),))
    works.site.install("1.26.90")
    tree = works.site.root / VERSION
    assert rebuilt(works, tree) == ("ok", ())
    (tree / "go.env").write_text("GOTOOLCHAIN=local\n")  # another check judges that
    (tree / "bin/gofmt").write_text("#!/bin/sh\nevil\n")
    (tree / "src/fmt/evil.go").write_text("package fmt\n")
    assert rebuilt(works, tree) == ("failed", ("bin/gofmt", "src/fmt/evil.go"))
    assert works.left() == ["lock"]


def test_a_tree_under_suspicion_does_not_build_its_own_witness(bare: Works) -> None:
    bare.site.install("1.26.90")
    tree = bare.site.root / VERSION
    here = bootstrapping.Here(bare.site.changing().host, str(bare.site.root), "", suspect=str(tree))
    with pytest.raises(UsageError, match="must not be the tree that is built"):
        bootstrapping.said_by(str(tree), VERSION, here)
    assert rebuilt(bare, tree)[0] == "not-judged"
