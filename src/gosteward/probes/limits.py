"""Resource limits: those of this process, and those that pam_limits gives to the sessions of a user."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING, NamedTuple

from gosteward.snapshot import Limit, Location

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gosteward.host.reading import Host
    from gosteward.snapshot import User

UNLIMITED = -1
# Of all files together; real ones have some hundred.
LINES_LIMIT = 50_000
NAMES = ("as", "data", "nproc", "nofile", "fsize", "stack")
IN_KIBIBYTES = ("as", "data", "fsize", "stack")
# What a process 1 leaves as the soft limit; all others start without one.
USUAL_SOFT = {"nofile": 1024, "stack": 8 << 20}
DIRECTORIES = ("/usr/etc/security", "/etc/security")
# Shared ones first: the distributions' own services include them.
SHARED_SERVICES = ("common-session", "common-session-noninteractive", "system-auth", "password-auth", "system-login")
SERVICES = (*SHARED_SERVICES, "base-session", "login", "sshd", "su", "su-l", "sudo", "cron", "crond")
# Strongest first: a line for the user beats one for a group, whatever their order.
_USER, _GROUP, _EVERYBODY, _NOTHING = range(4)


class Groups(NamedTuple):
    """Groups of the examined user: ids, and their names."""

    ids: frozenset[int]
    names: frozenset[str]


class Line(NamedTuple):
    """A complete line of a limits file.

    Attributes:
        domain: who.   kind: "soft", "hard", "-" for both.   item, value: in lower case; both "" for a line `WHO -`, "no limits at all".
    """

    domain: str
    kind: str
    item: str
    value: str
    location: Location


class _Side(NamedTuple):
    """The soft or the hard side of a limit, so far."""

    value: int = UNLIMITED
    strength: int = _NOTHING
    location: Location | None = None


def of_process() -> tuple[Limit, ...]:
    """The limits that this very process inherited."""
    limits = []
    for name in NAMES:
        soft, hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))
        limits.append(Limit(name=name, soft=_signed(soft), hard=_signed(hard)))
    return tuple(limits)


def configured(host: Host, user: User, *, spare_root: bool) -> tuple[Limit, ...]:
    """What the files of pam_limits say about the user; () where no service asks pam_limits.

    Args:
        spare_root: lines for groups and for everybody do not apply to root (a patch of Debian).
    """
    if not user.known or not _asked_for(host):
        return ()
    lines: list[Line] = []
    for path in _files(host):
        if len(lines) < LINES_LIMIT:
            lines += parse(host.lines(path)[: LINES_LIMIT - len(lines)], path)
    groups = _groups(host.lines("/etc/group"), user)
    return effective(lines, user, groups, spare_root=spare_root)


def parse(lines: Iterable[str], path: str) -> list[Line]:
    """Lines of a limits file; those that pam_limits would skip as invalid are left out.

    Source:
        limits.conf(5); Linux-PAM modules/pam_limits/pam_limits.c, parse_config_file.
    """
    found = []
    for number, text in enumerate(lines, 1):
        words = text.partition("#")[0].split(None, 3)
        location = Location(path=path, line=number, text=text.rstrip("\r")[:300])
        if len(words) == 4:
            value = words[3].strip().lower()
            found.append(Line(words[0], words[1].lower(), words[2].lower(), value, location))
        elif len(words) == 2 and words[1] == "-":
            found.append(Line(words[0], "-", "", "", location))
    return found


def effective(lines: Iterable[Line], user: User, groups: Groups, *, spare_root: bool) -> tuple[Limit, ...]:
    """The limits of a session of `user`, each with the line that tightens it.

    Args:
        lines: of all files, in the order in which pam_limits reads them.

    Returns:
        One per name that any line sets; a side that no line sets has the usual value of a fresh system.
    """
    soft: dict[str, _Side] = {}
    hard: dict[str, _Side] = {}
    for line in lines:
        strength = _strength(line.domain, user, groups)
        if strength == _NOTHING or (strength != _USER and user.uid == 0 and spare_root):
            continue
        if not line.item:
            if strength != _EVERYBODY:
                return ()
            continue
        value = _value(line)
        if line.item in NAMES and value is not None:
            side = _Side(value, strength, line.location)
            for sides, kinds in ((soft, ("soft", "-")), (hard, ("hard", "-"))):
                if line.kind in kinds and sides.get(line.item, _Side()).strength >= strength:
                    sides[line.item] = side
    return tuple(_limit(name, soft, hard) for name in NAMES if name in soft or name in hard)


def _limit(name: str, soft: Mapping[str, _Side], hard: Mapping[str, _Side]) -> Limit:
    usual = _Side(value=USUAL_SOFT.get(name, UNLIMITED))
    low, high = soft.get(name, usual), hard.get(name, _Side())
    if high.value != UNLIMITED and (low.value == UNLIMITED or low.value > high.value):
        low = high
    place = low.location or high.location
    other = high.location if high.location != place else None
    return Limit(name=name, soft=low.value, hard=high.value, location=place, hard_location=other)


def _value(line: Line) -> int | None:
    if line.value in ("-1", "-", "unlimited", "infinity"):
        return UNLIMITED
    digits = line.value[: len(line.value) - len(line.value.lstrip("0123456789"))]
    if not digits:
        return None
    number = int(digits[:20]) * (1024 if line.item in IN_KIBIBYTES else 1)
    return number if number < 1 << 63 else UNLIMITED


def _strength(domain: str, user: User, groups: Groups) -> int:
    """How closely the first word of a line means this user; _NOTHING if it does not."""
    if domain == user.name:
        return _USER
    if domain == "*":
        return _EVERYBODY
    wanted = _GROUP if domain[:1] == "@" else _USER
    if ":" not in domain:
        return wanted if wanted == _GROUP and domain[1:] in groups.names else _NOTHING
    low, _, high = domain.lstrip("@").partition(":")
    if any(word and not (word.isascii() and word.isdigit() and len(word) <= 10) for word in (low, high)):
        return _NOTHING
    if not low:  # ":100" is 100 alone
        one = int(high) if high else -1
        return wanted if (one in groups.ids if wanted == _GROUP else one == user.uid) else _NOTHING
    number = user.gid if wanted == _GROUP else user.uid
    return wanted if int(low) <= number and (not high or number <= int(high)) else _NOTHING


def _groups(lines: Iterable[str], user: User) -> Groups:
    ids = frozenset((*user.groups, user.gid))
    fields = (line.split(":", 3) for line in lines)
    texts = {str(number) for number in ids}
    return Groups(ids=ids, names=frozenset(f[0] for f in fields if len(f) >= 3 and f[2] in texts))


def _files(host: Host) -> list[str]:
    """limits.conf, then the drop-ins by their base names; what the administrator has hides the vendor's file of that name."""
    found: dict[str, str] = {}
    main = []
    for directory in DIRECTORIES:
        for name in host.listdir(f"{directory}/limits.d", 1000):
            if name.endswith(".conf") and not name.startswith("."):
                found[name] = f"{directory}/limits.d/{name}"
        if host.exists(f"{directory}/limits.conf"):
            main = [f"{directory}/limits.conf"]
    return main + [found[name] for name in sorted(found)]


def _asked_for(host: Host) -> bool:
    for directory in ("/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d"):
        if not host.is_directory(directory):
            continue
        for service in SERVICES:
            for line in host.lines(f"{directory}/{service}"):
                if "pam_limits.so" in line.partition("#")[0]:
                    return True
    return False


def _signed(value: int) -> int:
    return UNLIMITED if value < 0 or value >= 1 << 63 else value
