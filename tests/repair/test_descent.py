"""What lies below a place is found whatever device numbers a file system shows, and never what another mount put there."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

LISTED = """
import os, sys
sys.path[:0] = {path!r}
from gosteward.host.places import Accounts, place
from gosteward.repair.descent import everything
from gosteward.snapshot import User
with place(sys.argv[1], Accounts(lambda uid: User(name=str(uid), uid=uid, gid=uid)), follow=False) as where:
    found = list(everything(where))
print(*sorted(met.name for met in found))
"""


def test_an_overlay_of_several_file_systems_is_one_place_and_a_mount_in_it_another(tmp_path: Path) -> None:
    """Directories of an overlay have its device number, files often that of the file system below."""
    for name in ("lower/go/bin", "tree", "layers"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "lower/go/VERSION").write_text("go1.26.8\n")
    (tmp_path / "lower/go/bin/go").write_text("")
    mounts = (
        "mount -t tmpfs none layers && mkdir layers/upper layers/work layers/foreign && "
        "mount -t overlay none -o lowerdir=lower,upperdir=layers/upper,workdir=layers/work tree && "
        "echo x >tree/go/bin/gofmt && mkdir tree/go/src && mount -t tmpfs none tree/go/src && echo x >tree/go/src/inside && "
        'exec "$0" -c "$1" "$PWD/tree/go"'
    )
    ran = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", mounts, sys.executable, LISTED.format(path=sys.path)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    if "unshare" in ran.stderr or "mount:" in ran.stderr:
        pytest.skip(ran.stderr)
    assert ran.stdout.split() == ["VERSION", "bin", "bin/go", "bin/gofmt"], ran.stderr
