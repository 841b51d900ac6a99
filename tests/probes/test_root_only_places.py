"""What root alone may read does not get into a report because a user names it, on a PATH or by a link in the home."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gosteward.host.local import LocalHost
from gosteward.probes import go_places, go_roots
from gosteward.probes.binaries import Examiner
from gosteward.probes.packages import Packages
from gosteward.probes.search_path import fill
from gosteward.recording import encode_snapshot
from gosteward.snapshot import Context, EnvironmentVariable, PathEntry, Snapshot, User

if TYPE_CHECKING:
    from pathlib import Path

UID = 61236
SECRET = "c0ffee"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root reads more than others")


def write(path: Path, text: str, mode: int = 0o600) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def plant_tree(top: Path) -> None:
    write(top / "VERSION", f"go1.22.{SECRET}\n")
    write(top / "go.env", f"GOPROXY={SECRET}\n")
    write(top / "bin/go", f"#!/{SECRET}/sh\n{SECRET}\n", 0o755)
    write(top / f"src/runtime/{SECRET}.go", SECRET)
    write(top / f"pkg/tool/linux_{SECRET}/compile", SECRET, 0o755)
    (top / f"go1.{SECRET}").symlink_to("..")


def facts(host: LocalHost, user: User, context: Context) -> str:
    """Everything that the probes of programs and trees tell."""
    examiner = Examiner(host, user, (), lambda _: "")
    contexts = fill((context,), examiner, user)
    packages = Packages(packages=(), snaps=(), owner_of=lambda _: "", gaps=())
    trees, programs, contexts, _ = go_roots.collect(host, user, examiner, contexts, packages)
    text = encode_snapshot(Snapshot(user=user, contexts=contexts, toolchains=trees, binaries=programs))
    return text + " ".join(go_places.tree_candidates(host, user, contexts, {}))


def test_neither_a_path_nor_a_link_shows_what_root_alone_may_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    plant_tree(secret / "go")
    (secret / f"sdk/{SECRET}").mkdir(parents=True)
    secret.chmod(0o700)
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    for name, target in (("go1.22", "go"), ("sdk", "sdk"), (".gvm", "sdk")):
        (home / name).symlink_to(secret / target)
    for place in (home, *home.iterdir()):
        os.chown(place, UID, UID, follow_symlinks=False)
    for above in (tmp_path, *tmp_path.parents):
        if str(above).startswith("/tmp/"):
            above.chmod(0o755)
    user = User(name="dev", uid=UID, gid=UID, home=str(home))
    variables = tuple(
        EnvironmentVariable(name=name, value=f"{secret}/go{rest}")
        for name, rest in (("GOROOT", ""), ("GOBIN", "/bin"), ("GOPATH", ""), ("GOMODCACHE", ""))
    )
    context = Context(
        name="bash-login", kind="login", variables=variables, search_path=(PathEntry(directory=f"{secret}/go/bin"),)
    )
    assert SECRET not in facts(LocalHost({}), user, context)
    # The same place, once everybody may read it.
    secret.chmod(0o755)
    for path in secret.rglob("*"):
        path.chmod(0o755, follow_symlinks=True)
    assert SECRET in facts(LocalHost({}), user, context)
