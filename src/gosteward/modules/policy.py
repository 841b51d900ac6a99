"""Which module versions may be had: the rules of a team, and what they come to for one version. Pure.

The first rule that fits a version decides; where none does, the default. See `policy_file` for how they are written down.

Forges take github.com/corp and github.com/Corp for the same, and a `replace` in a go.mod lets go take the one for the other. So what denies,
holds back or makes private counts for all spellings, what allows for its own alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar, Union

from gosteward.golang.modulepaths import covers, touches
from gosteward.golang.version_ranges import hold
from gosteward.modules.answers import FORBIDDEN, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gosteward.golang.version_ranges import VersionRange
    from gosteward.modules.upstreams import Upstream

DAY = 86_400.0


class Unknown:
    """It takes asking to know."""


UNKNOWN = Unknown()
AtOnce = Union[Refusal, Unknown, None]


class Place(NamedTuple):
    """Where a rule stands.  file: its name without the directory, "" for none.   line: 0 where that is not known.   name: "" for none."""

    file: str = ""
    line: int = 0
    name: str = ""

    def __str__(self) -> str:
        at = f"{self.file}:{self.line}" if self.line else self.file
        return f'rule "{self.name}", {at}' if self.name else at


class Covered(NamedTuple):
    """Module versions.  modules: patterns as in GOPRIVATE, with commas.   versions: () for all."""

    modules: str
    versions: tuple[VersionRange, ...] = ()

    def fits(self, module: str, version: str) -> bool:
        return covers(self.modules, module) and self.has(version)

    def has(self, version: str) -> bool:
        """Whether it is about a version, whichever the module."""
        return not self.versions or hold(self.versions, version)


class Rule(NamedTuple):
    """Allow or deny.  reason: for who is refused."""

    covered: Covered
    allows: bool
    reason: str
    place: Place

    def concerns(self, module: str) -> bool:
        """Whether it is about versions of a module."""
        return covers(self.covered.modules, module) if self.allows else touches(self.covered.modules, module)


class Age(NamedTuple):
    """How old a version has to be.  seconds: since the time in its .info, 0 for any."""

    covered: Covered
    seconds: float
    place: Place


class Size(NamedTuple):
    """How large a zip may be, in bytes."""

    covered: Covered
    most: int
    place: Place


_Entry = TypeVar("_Entry", Age, Size)


class Route(NamedTuple):
    """Where modules come from.  upstreams: () for nowhere."""

    covered: Covered
    upstreams: tuple[Upstream, ...]
    place: Place


class Vulnerable(NamedTuple):
    """What is said of versions with known vulnerabilities.

    Attributes:
        modules: patterns of those that it is about.   excepted: ids of reports that do not count, or of other databases, such as CVE numbers.
        unreviewed: reports count that the Go team took over without looking.   toolchains: Go's own count, for golang.org/toolchain.
        passes_unknown: a version may be had while no database is known.
    """

    modules: str
    excepted: frozenset[str]
    unreviewed: bool
    toolchains: bool
    passes_unknown: bool
    place: Place


class Licences(NamedTuple):
    """What is said of licences.

    Attributes:
        patterns: of their names of SPDX, "BSD-*".   allows: these and no others may be had; else these may not.
        passes_unknown: a version may be had whose licence nobody can tell.   excepted: patterns of modules that it is not about, "" for none.
    """

    patterns: tuple[str, ...]
    allows: bool
    passes_unknown: bool
    excepted: str
    place: Place


class ModulePolicy(NamedTuple):
    """All rules.

    Attributes:
        place: of what is said once.   allows: whether a version that no rule fits may be had.   minimum_age: seconds.   maximum_zip: bytes,
            -1 for no limit of the policy.   private: patterns of modules that nobody outside is asked for.   vulnerable, licences: None for no matter.
    """

    place: Place
    allows: bool = True
    rules: tuple[Rule, ...] = ()
    minimum_age: float = 0.0
    ages: tuple[Age, ...] = ()
    maximum_zip: int = -1
    sizes: tuple[Size, ...] = ()
    private: str = ""
    routes: tuple[Route, ...] = ()
    vulnerable: Vulnerable | None = None
    licences: Licences | None = None


def concerning(policy: ModulePolicy, module: str) -> ModulePolicy:
    """What is left of a policy where it is about one module."""
    return policy._replace(
        rules=tuple(rule for rule in policy.rules if rule.concerns(module)),
        ages=tuple(age for age in policy.ages if touches(age.covered.modules, module)),
        sizes=tuple(size for size in policy.sizes if touches(size.covered.modules, module)),
    )


def by_name(policy: ModulePolicy, module: str, version: str) -> Rule:
    """The rule that decides about a full version."""
    fitting = (rule for rule in policy.rules if rule.concerns(module) and rule.covered.has(version))
    return next(fitting, _default(policy))


def denied_whole(policy: ModulePolicy, module: str) -> Rule | None:
    """The rule by which no version of a module may be had; None if one might."""
    for rule in policy.rules:
        if not rule.concerns(module):
            continue
        if rule.allows:
            return None
        if not rule.covered.versions:
            return rule
    return None if policy.allows else _default(policy)


def is_plain(policy: ModulePolicy, module: str) -> bool:
    """Whether every version of a module may be had, however young."""
    rules = [rule for rule in policy.rules if rule.concerns(module)]
    aged = policy.minimum_age or any(age.seconds and touches(age.covered.modules, module) for age in policy.ages)
    return policy.allows and not aged and all(rule.allows for rule in rules)


def age_wanted(policy: ModulePolicy, module: str, version: str) -> Age:
    """How old a version has to be."""
    usual = Age(Covered(""), policy.minimum_age, policy.place)
    own = next((age for age in policy.ages if age.covered.fits(module, version)), usual)
    return max((own, *_of_other_spellings(policy.ages, module, version)), key=lambda age: age.seconds)


def largest(policy: ModulePolicy, module: str, version: str) -> Size:
    """How large the zip of a version may be; -1 for any size."""
    usual = Size(Covered(""), policy.maximum_zip, policy.place)
    own = next((size for size in policy.sizes if size.covered.fits(module, version)), usual)
    limited = [size for size in (own, *_of_other_spellings(policy.sizes, module, version)) if size.most > -1]
    return min(limited, key=lambda size: size.most) if limited else own


def _of_other_spellings(entries: Iterable[_Entry], module: str, version: str) -> Iterator[_Entry]:
    for entry in entries:
        patterns = entry.covered.modules
        if touches(patterns, module) and not covers(patterns, module) and entry.covered.has(version):
            yield entry


def upstreams_for(policy: ModulePolicy, module: str, usual: tuple[Upstream, ...]) -> tuple[Upstream, ...]:
    """Who is asked for a module.  usual: who is asked for those that no route fits."""
    route = route_for(policy, module)
    if route is not None:
        return route.upstreams
    return () if touches(policy.private, module) else usual


def route_for(policy: ModulePolicy, module: str) -> Route | None:
    """The route of a module; None if it has none. Nobody else learns of it by another spelling."""
    own = (route for route in policy.routes if covers(route.covered.modules, module))
    others = (route for route in policy.routes if touches(route.covered.modules, module))
    return next(own, None) or next(others, None)


def starts_programs(policy: ModulePolicy) -> bool:
    """Whether a program is started for it, as whoever runs the proxy."""
    secrets = (upstream.secret for route in policy.routes for upstream in route.upstreams)
    return any(secret is not None and secret.kind == "helper" for secret in secrets)


def denial(rule: Rule, named: str) -> Refusal:
    """What is said of what a rule denies."""
    return Refusal(FORBIDDEN, f"{named} is refused by the policy: {rule.reason} ({rule.place})")


def youth(wanted: Age, named: str, age: float) -> Refusal | None:
    """What is said of a version that is too young; None if it is not.  age: seconds."""
    if age >= wanted.seconds:
        return None
    said = f"it is {shown(max(0.0, age))} old, and has to be {shown(wanted.seconds)} old"
    left = f"it can be had in {shown(wanted.seconds - age, up=True)}"
    return Refusal(FORBIDDEN, f"{named} is refused by the policy: {said}; {left} ({wanted.place})")


def timeless(wanted: Age, named: str) -> Refusal:
    """What is said of a version that has no time, where it would have to be of some age."""
    said = "nobody says when it was made"
    return Refusal(FORBIDDEN, f"{named} is refused by the policy: {said} ({wanted.place})")


def excess(size: Size, named: str) -> Refusal:
    """What is said of a zip that is too large."""
    return Refusal(
        FORBIDDEN, f"{named} is refused by the policy: its zip is larger than {size.most} bytes ({size.place})"
    )


def shown(seconds: float, *, up: bool = False) -> str:
    """A time for people: "7 days", "5 hours", "1 minute".  up: rounded up, for what has to be waited for."""
    for unit, length in (("day", DAY), ("hour", 3600.0), ("minute", 60.0)):
        if seconds >= length:
            count = -int(-seconds // length) if up else int(seconds / length)
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return "less than a minute"


def _default(policy: ModulePolicy) -> Rule:
    reason = "no rule allows it" if not policy.allows else ""
    return Rule(Covered(""), policy.allows, reason, policy.place)
