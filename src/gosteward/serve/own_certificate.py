"""The certificate that the proxy shows to its clients, and those of the authorities that sign theirs: that they end is said before they do.

Of the proxy's file, all that clients get counts, as they may refuse a chain of which one is over; but not an authority's own certificate at its end,
of which they have one themselves. Of authorities, one that has been over for long stays beside the next one, and is no news.
"""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gosteward.finding import Text
from gosteward.formats import certificates

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.formats.certificates import Certificate

DAY = 86_400.0
SHORT = 14 * DAY  # seconds before the end from which on it is said
MOST = 20  # certificates that a server shows


class Dated(NamedTuple):
    """A certificate.  name: of its subject, for people.   begins, ends: seconds since the epoch."""

    name: str
    begins: float
    ends: float


class OwnCertificate(NamedTuple):
    """What stands in a file.  path: of it.   own: the server's certificate.   others: those that lead from it to an authority."""

    path: str
    own: Dated
    others: tuple[Dated, ...] = ()

    def concerns(self, now: float) -> tuple[Text, ...]:
        """What is wrong with it, or will soon be: of its own, and of the first one of the others.  now: seconds since the epoch."""
        return tuple(filter(None, (self._of_own(now), self._of_others(now))))

    def _of_own(self, now: float) -> Text:
        left = self.own.ends - now
        if left < 0:
            return Text(
                "the certificate of {name} ended at {time}, days ago: {days}; clients refuse it: {path}",
                name=self.own.name,
                time=_shown(self.own.ends),
                days=str(int(-left // DAY)),
                path=self.path,
            )
        if self.own.begins > now:
            return Text(
                "the certificate of {name} is not valid before {time}; clients refuse it: {path}",
                name=self.own.name,
                time=_shown(self.own.begins),
                path=self.path,
            )
        return _short(self.own, left, self.path)

    def _of_others(self, now: float) -> Text:
        for one in sorted(self.others, key=lambda one: one.ends):
            if not one.begins <= now <= one.ends:
                return Text(
                    "the certificate of {name} in the chain is valid from {begins} to {ends}; clients that know no other way refuse it: {path}",
                    name=one.name,
                    begins=_shown(one.begins),
                    ends=_shown(one.ends),
                    path=self.path,
                )
        first = min(self.others, key=lambda one: one.ends, default=None)
        return _short(first, first.ends - now, self.path) if first is not None else Text("")


def _short(one: Dated, left: float, path: str) -> Text:
    if left > SHORT:
        return Text("")
    return Text(
        "the certificate of {name} ends at {time}, days left: {days}: {path}",
        name=one.name,
        time=_shown(one.ends),
        days=str(int(left // DAY)),
        path=path,
    )


class ClientAuthorities(NamedTuple):
    """What stands in the file of `--client-ca`.  path: of it.   all: the certificates with a time; at least one."""

    path: str
    all: tuple[Dated, ...]

    def concerns(self, now: float) -> tuple[Text, ...]:
        """As of `OwnCertificate`: of one that ends soon, or is over since a short time; of the last one, if all are over."""
        return tuple(filter(None, (self._concern(now),)))

    def _concern(self, now: float) -> Text:
        last = max(self.all, key=lambda one: one.ends)
        news = [one for one in self.all if abs(one.ends - now) <= SHORT or one.begins > now]
        found = last if last.ends < now else min(news, key=lambda one: one.ends, default=None)
        if found is None:
            return Text("")
        left = found.ends - now
        if left < 0 or found.begins > now:
            return Text(
                "the authority {name} of clients is valid from {begins} to {ends}; certificates that it signed are refused: {path}",
                name=found.name,
                begins=_shown(found.begins),
                ends=_shown(found.ends),
                path=self.path,
            )
        return Text(
            "the authority {name} of clients ends at {time}, days left: {days}: {path}",
            name=found.name,
            time=_shown(found.ends),
            days=str(int(left // DAY)),
            path=self.path,
        )


def own_certificate(path: str, content: bytes) -> OwnCertificate | None:
    """What stands in a PEM file; None if the time of its first certificate cannot be read."""
    parsed = [certificates.parse(one) for one in certificates.from_file(content, MOST)]
    own = _dated(parsed[0]) if parsed and parsed[0] is not None else None
    others = (_dated(one) for one in parsed[1:] if one is not None and one.issuer != one.subject)
    return OwnCertificate(path, own, tuple(filter(None, others))) if own is not None else None


def client_authorities(path: str, content: bytes) -> ClientAuthorities | None:
    """As `own_certificate`."""
    parsed = [one for one in map(certificates.parse, certificates.from_file(content)) if one is not None]
    found = tuple(filter(None, map(_dated, parsed)))
    return ClientAuthorities(path, found) if found else None


def _dated(certificate: Certificate) -> Dated | None:
    begins, ends = _seconds(certificate.not_before), _seconds(certificate.not_after)
    return None if begins is None or ends is None else Dated(certificate.subject_name or "-", begins, ends)


def _seconds(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text.rstrip("Z")).replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        return None


def _shown(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))


class Ending(Protocol):
    """What ends some day."""

    def concerns(self, now: float) -> tuple[Text, ...]:
        """What is to be said."""
        ...


class CertificateWatch:
    """Says what is wrong with it: at once, when another one was read, when that changes, and each day again.

    Args:
        current: the one that is shown now.   clock: seconds since the epoch.   uptime: seconds that nobody sets.
    """

    def __init__(
        self,
        current: Callable[[], Ending | None],
        say: Callable[[Text], None],
        clock: Callable[[], float] = time.time,
        uptime: Callable[[], float] = time.monotonic,
    ) -> None:
        self._current, self._say, self._clock, self._uptime = current, say, clock, uptime
        self._told: tuple[Ending | None, tuple[str, ...]] = (None, ())
        self._told_at = 0.0

    def look(self) -> None:
        """Say it if it is to be said."""
        found = self._current()
        concerns = found.concerns(self._clock()) if found is not None else ()
        kinds = tuple(one.template for one in concerns)
        if found is self._told[0] and kinds == self._told[1] and self._uptime() - self._told_at < DAY:
            return
        self._told, self._told_at = (found, kinds), self._uptime()
        for one in concerns:
            self._say(one)
