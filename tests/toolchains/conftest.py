"""An installer on this host, whose every place is below a directory of the test's own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from gosteward.host.local import LocalHost
from gosteward.host.places import Accounts
from gosteward.repair.journal import Journal
from gosteward.repair.undo import to_undo, undo
from gosteward.snapshot import User
from gosteward.toolchains.install import Installer, Order, Result
from gosteward.toolchains.installed.changing import Changing
from gosteward.toolchains.obtaining.acquiring import Keeping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.repair.undo import Undone

ME = User(name="me", uid=os.geteuid(), gid=os.getegid(), home="/nonexistent")


class Site(NamedTuple):
    """Where an installer works.  top: directory of the test.   environ: of the process that it takes itself for."""

    top: Path
    environ: dict[str, str]

    @property
    def root(self) -> Path:
        return self.top / "opt/go"

    @property
    def bin(self) -> Path:
        return self.top / "usr/local/bin"

    @property
    def usual_place(self) -> Path:
        return self.top / "usr/local/go"

    def changing(self, command: str = "install") -> Changing:
        accounts = Accounts(lambda uid: User(name=str(uid), uid=uid, gid=uid))
        return Changing(LocalHost(self.environ), ME, Journal(str(self.top / "state/gosteward")), accounts, command)

    def install(self, spec: str, **more: object) -> Result:
        order = Order(spec, str(self.root), links=str(self.bin), usual_place=str(self.usual_place))._replace(**more)
        return Installer(self.changing(), Keeping(str(self.top / "cache"), str(self.top / "state/gosteward"))).install(
            order
        )

    def undo(self, run: int = 0) -> tuple[Undone, ...]:
        changing = self.changing("undo")
        with changing.journal.locked("undo") as journal:
            number, made = to_undo(journal, changing.who, run)
            return undo(journal, changing.who, number, made, force=False)

    def names(self) -> list[str]:
        """Everything that an installation makes, hidden things too."""
        tops = (self.root, self.bin, self.usual_place)
        return sorted(str(p.relative_to(self.top)) for top in tops if top.is_dir() for p in top.iterdir())


@pytest.fixture
def site() -> Iterator[Site]:
    in_memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=in_memory) as top:
        for name in ("usr/local/bin", "opt"):
            (Path(top) / name).mkdir(parents=True)
        yield Site(Path(top), {"GOENV": "off"})
