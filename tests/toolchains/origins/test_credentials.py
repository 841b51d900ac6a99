"""Passwords for servers, against real ones with TLS: they reach the server that is meant, no other, and no message.

What go does in each case was seen with go 1.26.8 and the same server.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from gosteward import fetch, tls
from gosteward.errors import StewardError
from gosteward.golang.platforms import Platform
from gosteward.golang.proxyurls import parse
from gosteward.host.local import LocalHost
from gosteward.host.own_directory import OwnDirectory
from gosteward.snapshot import User
from gosteward.toolchains.origins import sources
from gosteward.toolchains.origins.credentials import credentials
from gosteward.toolchains.origins.web import UnreachableError, Web
from toolchains.file_server import file_server
from toolchains.godev_server import toolchain_proxy
from toolchains.password_gate import Gate, basic, made_certificate, password_gate
from toolchains.small_release import small_release

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from toolchains.conftest import Site

LOGIN = "dev:s3:cr@t"
ESCAPED = "dev:s3%3Acr%40t"
OTHER_USER = 12345


class Place(NamedTuple):
    """A gate, and a home with a netrc file."""

    gate: Gate
    certificate: Path
    home: Path

    def netrc(self, text: str, mode: int = 0o600) -> Path:
        path = self.home / ".netrc"
        path.write_text(text)
        path.chmod(mode)
        return path

    def entry(self, place: str = "") -> str:
        name, _, password = LOGIN.partition(":")
        return f"machine {place or self.gate.place} login {name} password {password}\n"

    def web(self, **environ: str) -> Web:
        host = LocalHost({"GOENV": "off", "SSL_CERT_FILE": str(self.certificate), **environ})
        return Web(host, User(uid=os.geteuid(), gid=os.getegid(), home=str(self.home)))

    def url(self, path: str = "/", login: str = ESCAPED) -> str:
        return self.gate.url.replace("https://", f"https://{login}@") + path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    certificate = made_certificate(tmp_path)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with password_gate(certificate, login=LOGIN) as gate:
        yield Place(gate, certificate, home)


def said(asking: Web, url: str) -> str:
    with pytest.raises(UnreachableError) as caught:
        asking.ask(url)
    assert "s3" not in f"{caught.value} {caught.value.hint} {caught.value.__cause__}"
    return f"{caught.value}; {caught.value.hint}"


def test_a_login_in_the_url_is_sent_unescaped(place: Place) -> None:
    assert place.web().ask(place.url()).body == b"hello"
    assert place.gate.asked == [("/", basic(LOGIN))]


def test_a_login_in_the_netrc_file_is_sent_to_its_machine(place: Place) -> None:
    place.netrc(place.entry())
    assert place.web().ask(place.gate.url + "/x").body == b"hello"
    other = place.home / "other"
    other.write_text(place.entry())
    other.chmod(0o600)
    (place.home / ".netrc").unlink()
    assert place.web(NETRC=str(other)).ask(place.gate.url + "/x").body == b"hello"


def test_a_login_is_sent_with_every_question_also_over_a_kept_connection_and_for_a_download(place: Place) -> None:
    place.netrc(place.entry())
    asking = place.web()
    assert [getattr(a, "body", b"") for a in asking.ask_all([f"{place.gate.url}/{n}" for n in range(5)])] == [
        b"hello"
    ] * 5
    found = asking.download(f"{place.gate.url}/go.zip", OwnDirectory(str(place.home / "cache")), "go.zip", limit=99)
    assert found.size == 5


@pytest.mark.parametrize(
    ("entry", "environ"),
    [
        ("machine 127.0.0.1 login dev password s3:cr@t\n", {}),
        ("default login dev password s3:cr@t\n", {}),
        ("macdef init\n{entry}\n", {}),
        ("{entry}", {"GOAUTH": "off"}),
        ("{entry}", {"GOAUTH": "git /srv"}),
        ("{entry}", {"NETRC": "/nonexistent/netrc"}),
    ],
)
def test_without_an_entry_for_the_machine_and_its_port_nothing_is_sent(
    place: Place, entry: str, environ: dict[str, str]
) -> None:
    place.netrc(entry.replace("{entry}", place.entry()))
    text = said(place.web(**environ), place.gate.url)
    path = environ.get("NETRC", f"{place.home}/.netrc")
    none = "none is known" if "GOAUTH" in environ else f"{path} has none for {place.gate.place}"
    assert text.startswith(f"it wants a password (401), and {none}: {place.gate.url}")
    assert place.gate.asked == [("/", "")]


def test_a_wrong_password_is_said_to_be_wrong_once(place: Place) -> None:
    text = said(place.web(), place.url(login="dev:s3wrong"))
    assert text.startswith(f"it does not accept the password (401): https://dev:xxxxx@{place.gate.place}/")
    with pytest.raises(UnreachableError, match="does not accept"):
        place.web().download(
            place.url("/go.zip", "dev:s3wrong"), OwnDirectory(str(place.home / "cache")), "go.zip", limit=99
        )
    assert len(place.gate.asked) == 2


def test_no_login_travels_without_tls(place: Place) -> None:
    with file_server() as plain:
        plain.files["/x"] = b"x"
        text = said(place.web(), plain.url.replace("http://", "http://dev:s3cret@") + "/x")
        assert text.startswith("no password is sent over plain http: http://dev:xxxxx@127.0.0.1")
        assert plain.asked == []
        plain.status = 401
        place.netrc(place.entry(plain.url[len("http://") :]))
        assert "not sent over plain http" in said(place.web(), plain.url + "/x")


def test_redirect_to_another_host_or_port_gets_no_login_and_gives_none_back(place: Place) -> None:
    with password_gate(place.certificate) as evil:
        place.netrc(place.entry() + place.entry(evil.place) + place.entry(evil.place.replace("127.0.0.1", "localhost")))
        for target in (evil.url, evil.url.replace("127.0.0.1", "localhost"), evil.url.replace("//", "//dev:s3x@")):
            place.gate.redirects["/x"] = f"{target}/y"
            assert place.web().ask(place.gate.url + "/x").body == b"hello"
        evil.redirects["/y"] = f"{place.gate.url}/z"
        assert "401" in said(place.web(), place.gate.url + "/x")
    assert {authorization for _, authorization in evil.asked} == {""}
    assert place.gate.asked[-1] == ("/z", "")


def test_redirect_to_plain_http_is_refused_and_its_query_is_not_shown(place: Place) -> None:
    place.gate.redirects["/x"] = "http://dev:s3cret@127.0.0.1:9/y?signature=s3cret"
    assert "refused a redirect to http://dev:xxxxx@127.0.0.1:9/y" in said(place.web(), place.url("/x"))


def test_redirect_on_the_same_server_keeps_the_login(place: Place) -> None:
    place.gate.redirects.update({"/x": "/y", "/y": f"{place.gate.url}/z"})
    assert place.web().ask(place.url("/x")).body == b"hello"
    assert [authorization for _, authorization in place.gate.asked] == [basic(LOGIN)] * 3


def test_who_gives_no_login_sends_none(place: Place) -> None:
    url = parse(place.url())
    assert url is not None
    trust = tls.verifying(place.certificate.read_text())
    answer = fetch.fetch(url, fetch.Request(deadline=time.monotonic() + 5, trust=trust))
    assert (answer.status, place.gate.asked) == (401, [("/", "")])


def test_a_server_whose_certificate_is_not_trusted_gets_no_login(place: Place) -> None:
    with pytest.raises(UnreachableError, match="certificate"):
        place.web(SSL_CERT_FILE="/dev/null").ask(place.url())
    assert place.gate.asked == []


def state(place: Place, **environ: str) -> str:
    host = LocalHost(environ)
    return credentials(host, User(uid=os.geteuid(), home=str(place.home)), "").state


def test_netrc_that_others_may_write_to_is_not_used(place: Place) -> None:
    place.netrc(place.entry(), 0o606)
    assert "is not used: others may write to it" in said(place.web(), place.gate.url)
    place.netrc(place.entry(), 0o644)
    place.home.chmod(0o777)
    assert state(place) == "of others"
    place.home.chmod(0o700)
    found = credentials(LocalHost({}), User(uid=os.geteuid(), home=str(place.home)), "")
    assert (found.state, [str(note) for note in found.notes()]) == (
        "read",
        [f"{place.home}/.netrc can be read by everybody: `chmod 600` it"],
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file of somebody else's")
def test_root_uses_no_netrc_of_somebody_else_nor_a_link_that_was_planted(place: Place, tmp_path: Path) -> None:
    os.chown(place.netrc(place.entry()), OTHER_USER, OTHER_USER)
    assert state(place) == "of others"
    planted = tmp_path / "open"
    planted.mkdir()
    planted.chmod(0o1777)
    (planted / "netrc").symlink_to(place.certificate)
    assert state(place, NETRC=str(planted / "netrc")) == "of others"


@pytest.mark.parametrize("make", ["fifo", "directory", "link to nowhere", "device"])
def test_netrc_that_is_no_file_keeps_nobody_waiting(place: Place, make: str) -> None:
    path = place.home / ".netrc"
    if make == "fifo":
        os.mkfifo(path)
    elif make == "directory":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if make == "device" else "/nonexistent")
    assert state(place) in ("unreadable", "missing")


def test_command_of_goauth_is_named_and_not_started(place: Place) -> None:
    trace = place.home / "started"
    asking = place.web(GOAUTH=f"/usr/bin/touch {trace} --token=s3cret; netrc")
    with pytest.raises(UnreachableError) as caught:
        sources.listed(sources.named(place.gate.url, asking, LocalHost({})), Platform("amd64"))
    assert "GOAUTH names /usr/bin/touch, which gosteward does not start" in caught.value.hint
    assert "s3cret" not in caught.value.hint
    assert not trace.exists()


@pytest.mark.parametrize("by", ["url", "netrc"])
def test_release_comes_through_a_proxy_with_a_password_which_nothing_keeps(site: Site, tmp_path: Path, by: str) -> None:
    """Also the checksum database is asked through it, with the same login."""
    release = small_release("go1.26.90")
    certificate = made_certificate(tmp_path)
    with toolchain_proxy(release) as proxy, password_gate(certificate, proxy.url, login=LOGIN) as gate:
        netrc = tmp_path / "netrc"
        netrc.write_text(f"machine {gate.place} login dev password s3:cr@t\n" if by == "netrc" else "")
        netrc.chmod(0o600)
        url = gate.url.replace("//", f"//{ESCAPED}@") if by == "url" else gate.url
        site.environ.update(GOPROXY=url, GOSUMDB=proxy.vkey, SSL_CERT_FILE=str(certificate), NETRC=str(netrc))
        result = site.install("1.26.90")
        assert [proof.kind for proof in result.evidence.proofs] == ["log"]
        assert all(authorization == basic(LOGIN) for _, authorization in gate.asked)
        assert any("/sumdb/" in path for path, _ in gate.asked)
        gate.wanted = basic("dev:changed")
        with pytest.raises(StewardError, match="does not accept the password") as caught:
            site.install("1.26.91")
    record = json.loads((site.root / ".installed/go1.26.90.json").read_text())
    assert record["source"] == (gate.url.replace("//", "//dev:xxxxx@") if by == "url" else gate.url)
    kept = [path for path in site.top.rglob("*") if path.is_file() and not path.is_symlink()]
    assert not [p for p in kept if any(secret in p.read_bytes() for secret in (b"s3:cr@t", b"s3%3A", b"cr%40t"))]
    assert not any(secret in f"{result}{caught.value}{caught.value.hint}" for secret in ("s3:cr@t", "s3%3A", "cr%40t"))
