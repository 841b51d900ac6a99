"""`/metrics` as Prometheus reads it, and the health pages."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gosteward.serve.health import LEAST_FREE, LEAST_NAMES, Readiness
from gosteward.serve.own_certificate import Dated, OwnCertificate
from serve.serving import Fault, Served, Upstream, proxy, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULE, VERSION = "example.com/text", "v1.2.3"
BASE = f"/{MODULE}/@v/{VERSION}"


@pytest.fixture
def behind() -> Iterator[Upstream]:
    with upstream() as served:
        served.add(MODULE, VERSION, {"text.go": b"package text\n", "large": os.urandom(300_000)})
        yield served


@pytest.fixture
def served(tmp_path: Path, behind: Upstream) -> Iterator[Served]:
    with proxy(tmp_path, behind.url) as found:
        yield found


def samples(served: Served) -> dict[str, float]:
    """Every sample: `name{label="value",...}` with its labels in order, without "gosteward_proxy_"."""
    answer = served.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = {}
    for family in text_string_to_metric_families(answer.body.decode()):
        assert family.documentation
        assert family.type in ("counter", "gauge", "histogram")
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
            found[
                f"{sample.name.replace('gosteward_proxy_', '')}{'{' if labels else ''}{labels}{'}' if labels else ''}"
            ] = sample.value
    return found


def test_what_happened_is_counted(served: Served, behind: Upstream) -> None:
    for suffix in (".info", ".mod", ".zip"):
        for _ in range(3):
            assert served.get(BASE + suffix).status == 200
    behind.faults["/example.com/late/@latest"] = Fault(status=504)
    behind.files["/example.com/wrong/@v/v1.0.0.info"] = b'{"Version":"v2.0.0"}'
    assert served.get("/example.com/late/@latest").status == 504
    assert served.get("/example.com/none/@v/list").status == 404
    assert served.get("/example.com/wrong/@v/v1.0.0.info").status == 502
    assert served.get("/a//b").status == 400
    found = samples(served)
    # Of three requests each: the first comes from the upstream, the second from the store, the third from memory if it is small.
    assert found["hits_total{source=memory}"] == 2
    assert found["hits_total{source=store}"] == 4
    assert found["misses_total"] == 4
    assert found["requests_total{kind=info,status=200}"] == 3
    assert found["requests_total{kind=zip,status=200}"] == 3
    assert found["requests_total{kind=info,status=502}"] == 1
    assert found["requests_total{kind=latest,status=504}"] == 1
    assert found["requests_total{kind=list,status=404}"] == 1
    assert found["requests_total{kind=other,status=400}"] == 1
    assert found["unverified_total"] == 1
    results = {key.partition("result=")[2].partition(",")[0]: value for key, value in found.items() if "result=" in key}
    assert (results["ok"], results["absent"], results["late"], results["failed"]) == (4, 1, 1, 0)
    assert found[f"upstream_seconds_count{{upstream={behind.url}}}"] == 6
    assert found[f"upstream_seconds_bucket{{le=+Inf,upstream={behind.url}}}"] == 6
    assert found["sent_bytes_total"] > 3 * 300_000
    assert found["transfers"] == 0
    assert found["connections"] == 1
    assert found["process_resident_memory_bytes"] > 1 << 20
    assert any(key.startswith("build_info{python=") for key in found)


def test_the_store_is_measured_meanwhile(served: Served, tmp_path: Path) -> None:
    served.get(f"{BASE}.zip")
    until = time.time() + 10
    while "store_files" not in (found := samples(served)) and time.time() < until:
        time.sleep(0.01)
    assert found["store_files"] == 1
    assert found["store_bytes"] == (tmp_path / f"store/modules{BASE}.zip").stat().st_size
    assert found["store_free_bytes"] > 0


def test_when_certificates_are_over_is_told_where_there_is_one(served: Served, tmp_path: Path) -> None:
    others = (Dated("b", 0.0, 1.7e9), Dated("c", 0.0, 1.6e9))
    with proxy(tmp_path / "tls", "off", certificate=OwnCertificate("x", Dated("a", 0.0, 2e9), others)) as secured:
        found = samples(secured)
    assert found["certificate_expires_timestamp_seconds{certificate=own}"] == 2e9
    assert found["certificate_expires_timestamp_seconds{certificate=chain}"] == 1.6e9
    assert not any("certificate" in name for name in samples(served))


def test_names_that_clients_choose_are_no_labels(served: Served) -> None:
    for number in range(20):
        served.get(f"/example.com/m{number}/@v/v1.0.{number}.info")
        served.get(f"/odd{number}", "HEAD")
    answer = served.get("/metrics").body.decode()
    assert "example.com/m" not in answer
    assert "odd" not in answer
    assert sum(line.startswith("gosteward_proxy_requests_total") for line in answer.splitlines()) == 5


def test_it_is_ready_though_no_upstream_answers_and_not_without_its_store(tmp_path: Path) -> None:
    with proxy(tmp_path, "http://127.0.0.1:9") as served:
        assert served.get(f"{BASE}.info").status == 502
        assert (served.get("/readyz").status, served.get("/healthz").status) == (200, 200)
    with proxy(tmp_path, "http://127.0.0.1:9") as served:
        (tmp_path / "store/incoming").rmdir()
        answer = served.get("/readyz")
        assert (answer.status, served.get("/healthz").status) == (503, 200)
        assert b"cannot be written to: No such file" in answer.body


@pytest.mark.parametrize(
    ("size", "names", "ready"),
    [(LEAST_FREE, LEAST_NAMES, True), (LEAST_FREE - 1, LEAST_NAMES, False), (LEAST_FREE, 1, False)],
)
def test_it_is_not_ready_without_room(served: Served, size: int, names: int, ready: bool) -> None:
    readiness = Readiness(served.made.proxy.store, served.made.proxy.threads, lambda _: (size, names))
    assert (readiness._found() == "") is ready


def test_a_store_that_cannot_be_read_is_a_fault_and_no_bad_request(served: Served, tmp_path: Path) -> None:
    served.get(f"{BASE}.mod")
    served.get(f"{BASE}.info")
    file = tmp_path / f"store/modules{BASE}.mod"
    file.unlink()
    file.symlink_to("/etc/hostname")
    answer = served.get(f"{BASE}.mod")
    assert answer.status == 500
    assert b"the store cannot be read" in answer.body
