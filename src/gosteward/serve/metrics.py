"""`/metrics`: counts and sizes in Prometheus' text format, version 0.0.4. No label holds anything that a client can choose.

Source: Prometheus documentation, "Exposition formats", "Metric and label naming"; prometheus_client for the names of a process.
"""

from __future__ import annotations

import os
import platform
import resource
from typing import TYPE_CHECKING

from gosteward import __version__
from gosteward.modules.tally import RESULTS, SECONDS
from gosteward.report.layout import visible
from gosteward.serve.pages import Body, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gosteward.modules.proxy import ModuleProxy
    from gosteward.modules.tally import Health, Tally
    from gosteward.serve.connections import Asked, Reply
    from gosteward.serve.open_connections import Traffic
    from gosteward.serve.own_certificate import Dated, OwnCertificate
    from gosteward.serve.store_view import StoreSize

KIND = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = "gosteward_proxy_"
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Metrics:
    """The page.  certificate: as of `Observation`."""

    def __init__(
        self,
        proxy: ModuleProxy,
        traffic: Traffic,
        size: StoreSize,
        certificate: Callable[[], OwnCertificate | None] = lambda: None,
    ) -> None:
        self._proxy, self._traffic, self._size, self._certificate = proxy, traffic, size, certificate

    def __call__(self, asked: Asked) -> Reply:
        return answer(asked, Body(KIND, "\n".join(self.lines()) + "\n"))

    def lines(self) -> Iterator[str]:
        """The page, line by line."""
        yield from self._requests()
        yield from _upstreams(self._proxy.tally.health)
        yield from _metadata(self._proxy.tally)
        yield from _shared(self._proxy.tally)
        yield from _vulnerabilities(self._proxy.tally)
        yield from self._sizes()
        yield from _certificate(self._certificate())
        yield from _process(self._proxy.tally.began)

    def _requests(self) -> Iterator[str]:
        tally = self._proxy.tally
        counted = dict(tally.requests)
        for kind, (count,) in tally.memory.items():
            counted[kind, 200] = counted.get((kind, 200), 0) + count
        for kind, (count,) in tally.brief.items():
            if count:
                counted[kind, 200] = counted.get((kind, 200), 0) + count
        labelled = (
            (_labels(kind=kind, status=str(status)), count) for (kind, status), count in sorted(counted.items())
        )
        yield from _family("requests_total", "counter", "Answers, by what was asked for and status.", labelled)
        hits = ((_labels(source="memory"), tally.held), (_labels(source="store"), tally.stored))
        yield from _family(
            "hits_total", "counter", "Files of module versions given from memory and from the store.", hits
        )
        yield from _one(
            "misses_total", "counter", "Files that clients asked for and that were not in the store.", tally.missed
        )
        yield from _one("refused_total", "counter", "Requests refused by the policy.", tally.refused)
        yield from _one(
            "unverified_total",
            "counter",
            "Files from upstreams that were not what they have to be, or could not be proved.",
            tally.unverified,
        )
        yield from _one("sent_bytes_total", "counter", "Bytes of answers.", self._traffic.sent)
        yield from _one("connections", "gauge", "Connections of clients that are open.", self._traffic.connections)
        yield from _one("connections_total", "counter", "Connections that clients made.", self._traffic.accepted)
        yield from _one(
            "connections_refused_total",
            "counter",
            "Connections that were one too many, or spoke no proper HTTP.",
            self._traffic.turned_away,
        )
        yield from _one("transfers", "gauge", "Files that come from upstreams now.", self._proxy.under_way)

    def _sizes(self) -> Iterator[str]:
        size = self._size.latest()
        if size is not None:
            yield from _one("store_files", "gauge", "Files of module versions in the store.", size.files)
            yield from _one("store_bytes", "gauge", "Bytes of them.", size.bytes)
            yield from _one("store_measured_timestamp_seconds", "gauge", "When the store was measured.", size.at)
        yield from _one(
            "store_free_bytes", "gauge", "Bytes that are free where the store is.", free_bytes(self._proxy.store.top)
        )


def _metadata(tally: Tally) -> Iterator[str]:
    if not tally.metadata:
        return
    results = ((_labels(result=result), count) for result, count in sorted(tally.metadata.items()))
    text = 'Answers that shared metadata had ("hit") or not ("miss"), and how often it failed; while it is down it is not asked.'
    yield from _family("metadata_lookups_total", "counter", text, results)
    yield from _one("metadata_up", "gauge", "Whether shared metadata answers.", int(tally.metadata_up))


def _shared(tally: Tally) -> Iterator[str]:
    if not tally.shared:
        return
    results = ((_labels(result=result), count) for result, count in sorted(tally.shared.items()))
    text = "What happened with the shared store: files found there, absent, wrong, published, and failed questions."
    yield from _family("shared_total", "counter", text, results)
    yield from _one("shared_up", "gauge", "Whether the shared store answers.", int(tally.shared_up()))
    text = "Files that are to be published, -1 while it is not known which ones."
    yield from _one("shared_waiting", "gauge", text, tally.unshared())


def _vulnerabilities(tally: Tally) -> Iterator[str]:
    known = tally.reports()
    if known is None:
        return
    text = "Reports in the copy of the vulnerability database, 0 while there is none."
    yield from _one("vulndb_reports", "gauge", text, known.number)
    yield from _one("vulndb_bytes", "gauge", "Bytes of the copy.", known.size)
    text = "When the database that was copied changed last, by its own word, 0 while there is no copy."
    yield from _one("vulndb_modified_timestamp_seconds", "gauge", text, known.changed)
    text = "When the copy was last known to be the newest, 0 for not since the start; without a database, when it was put there."
    yield from _one("vulndb_confirmed_timestamp_seconds", "gauge", text, known.confirmed)


def _certificate(own: OwnCertificate | None) -> Iterator[str]:
    if own is not None:
        text = "When the proxy's certificate is over, and the first one of those that lead from it to an authority."
        ends = [("own", own.own.ends), *(("chain", one.ends) for one in sorted(own.others, key=_end)[:1])]
        labelled = ((_labels(certificate=which), end) for which, end in ends)
        yield from _family("certificate_expires_timestamp_seconds", "gauge", text, labelled)


def _end(one: Dated) -> float:
    return one.ends


def _upstreams(health: dict[str, Health]) -> Iterator[str]:
    known = sorted(health.items())
    results = (
        (_labels(upstream=name, result=result), count)
        for name, one in known
        for result, count in zip(RESULTS, one.results)
    )
    text = 'Answers of upstreams, by result; one that began well and broke off counts as "ok" and as "broken".'
    yield from _family("upstream_requests_total", "counter", text, results)
    text = "When an upstream last answered, 0 for never."
    yield from _family(
        "upstream_success_timestamp_seconds",
        "gauge",
        text,
        ((_labels(upstream=name), one.succeeded) for name, one in known),
    )
    yield from _head("upstream_seconds", "histogram", "Seconds until an upstream's answer began.")
    for name, one in known:
        yield from _histogram(f"{_PREFIX}upstream_seconds", name, one)


def _histogram(metric: str, name: str, health: Health) -> Iterator[str]:
    total = 0
    for bound, count in zip((*map(str, SECONDS), "+Inf"), health.spread):
        total += count
        yield f"{metric}_bucket{_labels(upstream=name, le=bound)} {total}"
    yield f"{metric}_sum{_labels(upstream=name)} {_number(health.seconds)}"
    yield f"{metric}_count{_labels(upstream=name)} {total}"


def _process(began: float) -> Iterator[str]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    values = (
        ("process_cpu_seconds_total", "counter", "Seconds of CPU.", used.ru_utime + used.ru_stime),
        ("process_resident_memory_bytes", "gauge", "Bytes of memory.", resident_bytes()),
        ("process_start_time_seconds", "gauge", "When the proxy began.", began),
        ("process_open_fds", "gauge", "Open file descriptors.", _descriptors()),
    )
    for name, kind, text, value in values:
        yield from (f"# HELP {name} {text}", f"# TYPE {name} {kind}", f"{name} {_number(value)}")
    labels = _labels(version=__version__, python=platform.python_version())
    yield from _family("build_info", "gauge", "Always 1.", ((labels, 1),))


def resident_bytes() -> int:
    """Memory of this process; 0 where /proc does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0


def free_bytes(directory: str) -> int:
    """Bytes that are free where a directory is; 0 if that cannot be found out."""
    try:
        found = os.statvfs(directory)
    except OSError:
        return 0
    return found.f_bavail * found.f_frsize


def _descriptors() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0


def _one(name: str, kind: str, text: str, value: float) -> Iterator[str]:
    return _family(name, kind, text, (("", value),))


def _family(name: str, kind: str, text: str, samples: Iterable[tuple[str, float]]) -> Iterator[str]:
    yield from _head(name, kind, text)
    for labels, value in samples:
        yield f"{_PREFIX}{name}{labels} {_number(value)}"


def _head(name: str, kind: str, text: str) -> tuple[str, str]:
    return f"# HELP {_PREFIX}{name} {text}", f"# TYPE {_PREFIX}{name} {kind}"


def _labels(**values: str) -> str:
    escaped = ((name, visible(text).replace("\\", "\\\\").replace('"', '\\"')) for name, text in values.items())
    return "{" + ",".join(f'{name}="{text}"' for name, text in escaped) + "}"


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6f}"
