"""Compile a release in a workshop: the Go that builds it is provided, patches are applied, make.bash runs, every file is hashed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.finding import Text
from gosteward.golang import bootstrap, distribution
from gosteward.toolchains.proving.proofs import unproved
from gosteward.toolchains.source_builds import patching
from gosteward.toolchains.source_builds.workshop import BuildError

if TYPE_CHECKING:
    from gosteward.golang.distribution import Entry
    from gosteward.golang.platforms import Platform
    from gosteward.toolchains.obtaining.acquiring import Acquired
    from gosteward.toolchains.source_builds.bootstrapping import Step
    from gosteward.toolchains.source_builds.make_log import Say
    from gosteward.toolchains.source_builds.patching import Patch
    from gosteward.toolchains.source_builds.sourcing import Sourcing
    from gosteward.toolchains.source_builds.workshop import Workshop

TREE = "go"


class Compiled(NamedTuple):
    """A tree that was built.

    Attributes:
        entries: its module form.   h1: of that.   builders: as of `Result`.   path: of the directory.
    """

    entries: tuple[Entry, ...]
    h1: str
    builders: tuple[str, ...]
    path: str


class Compiling:
    """Runs the builds of a way, each in the room of one workshop.  reason: why what is not proved may be built, "" if it may not."""

    def __init__(self, sourcing: Sourcing, say: Say, reason: str) -> None:
        self.sourcing, self.say, self.reason = sourcing, say, reason

    @property
    def _platform(self) -> Platform:
        return self.sourcing.acquiring.platform

    def compiled(
        self, shop: Workshop, source: Acquired, steps: tuple[Step, ...], version: str, patches: tuple[Patch, ...]
    ) -> Compiled:
        """Build sources by the last of some steps.

        Args:
            version: that the tree says it is; with a suffix if it is patched.
        """
        builder = ""
        for step in steps:
            builder = self._provided(shop, step, builder)
        path = shop.unpack(TREE, source, sources=True)
        for patch in patches:
            self.say(Text("applies {patch}", patch=patch.path))
            patching.apply(patch, shop, TREE)
        if version != source.offer.version:
            shop.write_version(TREE, patching.renamed(self.sourcing.acquiring.host.text(f"{path}/VERSION"), version))
        shop.make(TREE, builder)
        found = shop.hashed(TREE)
        entries = distribution.module_form(found.entries, source.offer.version, self._platform.module)
        strange = next(
            (
                odd
                for odd in found.oddities
                if distribution.form_of(odd.name, source.offer.version, self._platform.module) == "in"
            ),
            None,
        )
        if strange is not None:
            raise BuildError(
                f"what was built holds something that no release has ({strange.kind})", subject=strange.name
            )
        h1 = distribution.module_h1(entries, version, self._platform.module)
        return Compiled(entries, h1, tuple(step.version for step in steps), path)

    def _provided(self, shop: Workshop, step: Step, builder: str) -> str:
        """GOROOT of a step."""
        if step.how == "here":
            return step.path
        if step.how == "fetched" and step.offer is not None:
            self.say(Text("fetches {version} to build with", version=step.version))
            return shop.unpack(
                step.version, enough(self.sourcing.acquiring.proved(step.offer), self.reason), sources=False
            )
        self.say(Text("fetches the sources of {version} to build with", version=step.version))
        from_c = step.version == bootstrap.FROM_C
        offer = self.sourcing.from_c() if from_c else self.sourcing.found(self.sourcing.acquiring.asked(step.version))
        path = shop.unpack(step.version, enough(self.sourcing.acquiring.proved(offer), self.reason), sources=True)
        shop.make(step.version, builder)
        return path


def enough(found: Acquired, reason: str) -> Acquired:
    """An archive that may be used. Raises UnprovedError."""
    if not found.evidence.enough and not reason:
        raise unproved(found.offer, found.evidence)
    return found
