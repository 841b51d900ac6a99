"""The proxy's own certificate: that it ends is said before it does, at the start, when it is replaced, each day, in `/metrics` and on the page."""

from __future__ import annotations

import calendar
import ssl
import subprocess
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gosteward.serve.own_certificate import (
    DAY,
    CertificateWatch,
    ClientAuthorities,
    Dated,
    OwnCertificate,
    own_certificate,
)
from serve.guarded import Authority, Issued, basic, guarded, secret_file
from serve.test_access import user_line

if TYPE_CHECKING:
    from pathlib import Path

    from gosteward.finding import Text

NOON = float(calendar.timegm((2026, 12, 1, 12, 0, 0)))


def signed(top: Path, *certificates: tuple[str, str, str]) -> bytes:
    """PEM of certificates that openssl makes, each signed by the one behind it, the last one by itself.  certificates: name, first and last second."""
    pem = b""
    for place, (name, begins, ends) in reversed(tuple(enumerate(certificates))):
        (top / "index.txt").write_text("")
        (top / "ca.cnf").write_text(
            f"[ca]\ndefault_ca=x\n[x]\ndatabase={top}/index.txt\nnew_certs_dir={top}\ndefault_md=sha256\npolicy=p\nrand_serial=yes\n"
            "[p]\ncommonName=optional\n"
        )
        key, request, made = (top / f"{place}.{kind}" for kind in ("key", "csr", "crt"))
        asking = (
            "openssl",
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            key,
        )
        subprocess.run((*asking, "-out", request, "-subj", f"/CN={name}"), check=True, capture_output=True)
        signer = ("-selfsign", "-keyfile", key) if place == len(certificates) - 1 else ("-keyfile", top / f"{place + 1}.key", "-cert", top / f"{place + 1}.crt")  # fmt: skip
        words = ("openssl", "ca", "-batch", "-notext", "-config", top / "ca.cnf", "-in", request, "-out", made, *signer)
        subprocess.run((*words, "-startdate", begins, "-enddate", ends), check=True, capture_output=True)
        pem = made.read_bytes() + pem
    return pem


def said(own: OwnCertificate | None, now: float) -> str:
    assert own is not None
    return "\n".join(map(str, own.concerns(now)))


def test_what_is_over_early_or_short_is_said_with_the_time_of_greenwich(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = own_certificate("/etc/x.crt", signed(tmp_path, ("goproxy", "20261101000000Z", "20261215120000Z")))
    for zone in ("UTC", "Asia/Shanghai", "America/Los_Angeles"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert said(found, NOON - 0.5 * DAY) == ""
        assert said(found, NOON) == "the certificate of goproxy ends at 2026-12-15 12:00 UTC, days left: 14: /etc/x.crt"
        assert ", days left: 0: " in said(found, NOON + 14 * DAY - 1)
        over = "the certificate of goproxy ended at 2026-12-15 12:00 UTC, days ago: 0; clients refuse it: /etc/x.crt"
        assert said(found, NOON + 14 * DAY + 1) == over
        early = "the certificate of goproxy is not valid before 2026-11-01 00:00 UTC; clients refuse it: /etc/x.crt"
        assert said(found, 0.0) == early
    monkeypatch.undo()
    time.tzset()


def test_of_a_chain_the_first_to_end_counts_and_not_the_authority_that_clients_have(tmp_path: Path) -> None:
    leaf, between = ("leaf", "20260101000000Z", "20300101000000Z"), ("between", "20260101000000Z", "20261205120000Z")
    root = ("root", "20200101000000Z", "20261120000000Z")
    found = own_certificate("x", signed(tmp_path, leaf, between, root))
    assert said(found, NOON) == "the certificate of between ends at 2026-12-05 12:00 UTC, days left: 4: x"
    way = "the certificate of between in the chain is valid from 2026-01-01 00:00 UTC to 2026-12-05 12:00 UTC; clients that know no other way "
    assert said(found, NOON + 10 * DAY) == f"{way}refuse it: x"
    both = said(found, NOON + 2_000 * DAY).split("\n")
    assert [line.split()[3] for line in both] == ["leaf", "between"]
    alone = own_certificate("x", signed(tmp_path, root))
    assert said(alone, NOON).startswith("the certificate of root ended ")


def authority(name: str, days: float) -> Dated:
    return Dated(name, NOON - 1000 * DAY, NOON + days * DAY)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ((100, 200), ""),
        ((3, 200), "the authority ca0 of clients ends at 2026-12-04 12:00 UTC, days left: 3: x"),
        ((-3, 200), "the authority ca0 of clients is valid from 2024-03-06 12:00 UTC to 2026-11-28 12:00 UTC; certificates that it signed are refused: x"),
        ((-100, 200), ""),
        ((-100, -50), "the authority ca1 of clients is valid from 2024-03-06 12:00 UTC to 2026-10-12 12:00 UTC; certificates that it signed are refused: x"),
    ],
)  # fmt: skip
def test_of_authorities_what_is_new_is_said_and_that_none_is_left(days: tuple[float, ...], said: str) -> None:
    names = tuple(authority(f"ca{place}", ends) for place, ends in enumerate(days))
    assert "".join(map(str, ClientAuthorities("x", names).concerns(NOON))) == said


@pytest.mark.parametrize("ends", ["99991231235959Z", "20500101000000Z", "491231235959Z"])
def test_far_times_are_read_in_both_forms(tmp_path: Path, ends: str) -> None:
    found = own_certificate("x", signed(tmp_path, ("goproxy", "20261101000000Z", ends)))
    assert said(found, NOON) == ""


@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_where_no_time_can_be_read_there_is_nothing_to_say(content: bytes) -> None:
    assert own_certificate("x", content) is None


class Saying:
    """A watch whose times are set by hand."""

    def __init__(self) -> None:
        self.own: OwnCertificate | None = None
        self.said: list[str] = []
        self.now, self.up = NOON, 0.0
        self.watch = CertificateWatch(lambda: self.own, self._say, lambda: self.now, lambda: self.up)

    def _say(self, text: Text) -> None:
        self.said.append(str(text))

    def after(self, seconds: float, jump: float = 0.0) -> int:
        """How many lines there are by then.  jump: of the clock, besides."""
        self.up, self.now = self.up + seconds, self.now + seconds + jump
        self.watch.look()
        return len(self.said)


def test_it_is_said_each_day_whatever_the_clock_does_and_at_once_when_it_changes(tmp_path: Path) -> None:
    pem = signed(tmp_path, ("goproxy", "20261101000000Z", "20261205120000Z"))
    saying = Saying()
    saying.own = read(pem)
    assert [saying.after(1) for _ in range(3)] == [1, 1, 1]
    assert saying.after(0, jump=-2 * DAY) == 1
    assert saying.after(DAY - 10) == 1
    assert saying.after(20) == 2
    saying.own = read(pem)  # by SIGHUP
    assert saying.after(1) == 3
    assert saying.after(1, jump=30 * DAY) == 4
    assert "days ago: " in saying.said[-1]
    saying.own = read(signed(tmp_path, ("goproxy", "20261101000000Z", "20400101000000Z")))
    assert saying.after(3 * DAY) == 4


def read(pem: bytes) -> OwnCertificate:
    found = own_certificate("x", pem)
    assert found is not None
    return found


def test_a_proxy_says_it_at_the_start_when_it_reads_it_again_in_metrics_and_on_its_page(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "corp")
    short, fine, over = (
        authority.issue(name, until=timedelta(days=days, hours=1))
        for name, days in (("short", 5), ("fine", 300), ("over", -2))
    )
    users, login = secret_file(tmp_path / "users", user_line("alice", "right")), basic("alice", "right")
    flags = ("--tls-cert", short.pair[0], "--tls-key", short.pair[1], "--htpasswd", str(users))
    with guarded(tmp_path, "off", *flags, trusted=authority.path) as served:
        assert served.said.index("the certificate of short ends at ") < served.said.index("listening on")
        served.wait_for(f", days left: 5: {short.certificate}")
        assert (served.get("/").status, served.get("/", login).status) == (401, 303)
        assert served.get("/metrics", login).body.decode().count("_certificate_expires_timestamp_seconds") == 3
        assert '<p class="bad">the certificate of short ends at ' in served.get("/-/", login).body.decode()
        assert '<p class="bad">short 的证书将于 ' in served.get("/-/?lang=zh", login).body.decode()
        served.hang_up()
        until = time.monotonic() + 20
        while served.said.count("the certificate of short ends at ") < 2:
            assert time.monotonic() < until
            time.sleep(0.02)
        put(fine, short)
        served.hang_up()
        assert b"the certificate of" not in served.get("/-/", login).body
        put(over, short)
        served.hang_up()
        served.wait_for("the certificate of over ended at ")


def test_an_authority_of_clients_that_is_over_is_named_and_lets_nobody_in(tmp_path: Path) -> None:
    corp = Authority(tmp_path, "corp")
    server, client = corp.issue("server"), Authority(tmp_path, "clients").issue("alice")
    old = tmp_path / "old.pem"
    old.write_bytes(signed(tmp_path, ("old", "20200101000000Z", "20210101000000Z")))
    flags = ("--tls-cert", server.pair[0], "--tls-key", server.pair[1], "--client-ca", str(old))
    with guarded(tmp_path, "off", *flags, trusted=corp.path) as served:
        served.wait_for("the authority old of clients is valid from 2020-01-01 00:00 UTC to 2021-01-01 00:00 UTC; ")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            served.get("/healthz", certificate=client)


def put(new: Issued, old: Issued) -> None:
    """Replace a pair."""
    old.key.write_bytes(new.key.read_bytes())
    old.certificate.write_bytes(new.certificate.read_bytes())
