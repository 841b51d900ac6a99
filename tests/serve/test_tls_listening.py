"""TLS: modern, by certificates that are read again, for clients that prove who they are where that is asked; and nobody holds a place for nothing."""

from __future__ import annotations

import os
import socket
import ssl
import stat
import struct
import subprocess
import time
import warnings
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from gosteward.errors import PrivilegeError, UsageError
from gosteward.serve import tls_listening
from gosteward.serve.tls_listening import Tls, TlsFiles
from serve.guarded import Authority, Guarded, Issued, basic, guarded, secret_file
from serve.serving import Fault, Upstream, everything, until, upstream
from serve.test_access import MOD, MODULE, TOKEN, VERSION, token_line, user_line

if TYPE_CHECKING:
    from collections.abc import Iterator

GO = f"{os.environ.get('GOSTEWARD_TEST_GOROOT', '/usr/local/go')}/bin/go"  # `make test` names the one of the fault lab
PLAIN = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


class Papers(NamedTuple):
    """Certificates. clients: the authority of those of clients."""

    top: Path
    servers: Authority
    clients: Authority
    server: Issued
    client: Issued

    def flags(self, *more: str) -> tuple[str, ...]:
        return ("--tls-cert", str(self.server.certificate), "--tls-key", str(self.server.key), *more)


@pytest.fixture(scope="module")
def behind() -> Iterator[Upstream]:
    with upstream() as served:
        served.add(MODULE, VERSION, {"text.go": b"package text\n", "random": os.urandom(2 << 20)})
        yield served


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    top = tmp_path_factory.mktemp("papers")
    servers, clients = Authority(top, "servers"), Authority(top, "clients")
    return Papers(top, servers, clients, servers.issue("server"), clients.issue("alice"))


@pytest.fixture(scope="module")
def served(papers: Papers, behind: Upstream) -> Iterator[Guarded]:
    """Certificates, passwords and tokens: one of them is enough."""
    users = secret_file(papers.top / "users", user_line("alice", "right"))
    tokens = secret_file(papers.top / "tokens", token_line("ci"))
    flags = papers.flags("--client-ca", str(papers.clients.path), "--htpasswd", str(users), "--tokens", str(tokens))
    with guarded(papers.top, behind.url, *flags, trusted=papers.servers.path) as found:
        yield found


def test_one_of_certificate_password_and_token_is_enough(served: Guarded, papers: Papers) -> None:
    assert served.get(MOD).status == 401
    assert served.get("/healthz").status == 200
    assert served.get(MOD, certificate=papers.client).status == 200
    assert served.get(MOD, basic("alice", "right")).status == 200
    assert served.get(MOD, f"Bearer {TOKEN}").status == 200
    assert served.get(MOD, basic("alice", "wrong")).status == 401


def go(served: Guarded, top: Path, *words: str, login: str) -> subprocess.CompletedProcess[str]:
    netrc = secret_file(
        top / "netrc", f"machine localhost:{served.port} login {login.split(':')[0]} password {login.split(':')[1]}\n"
    )
    environ = {
        "PATH": os.environ["PATH"], "HOME": str(top), "NETRC": str(netrc), "SSL_CERT_FILE": str(served.trusted), "GOFLAGS": "-modcacherw",
        "GOPROXY": f"https://localhost:{served.port}", "GONOSUMDB": "*", "GOTOOLCHAIN": "local", "GOENV": "off",
    }  # fmt: skip
    return subprocess.run((GO, *words), check=False, cwd=top, env=environ, capture_output=True, text=True, timeout=120)


def test_go_downloads_with_what_netrc_says(served: Guarded, tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module x\n")
    for login in ("alice:right", f"go:{TOKEN}"):
        ran = go(served, tmp_path, "mod", "download", "-x", f"{MODULE}@{VERSION}", login=login)
        assert ran.returncode == 0, ran.stderr
        assert go(served, tmp_path, "clean", "-modcache", login=login).returncode == 0
    refused = go(served, tmp_path, "mod", "download", f"{MODULE}@{VERSION}", login="alice:mistaken")
    assert refused.returncode == 1
    assert "401 Unauthorized" in refused.stderr
    assert "machine HOST login NAME password" in refused.stderr


def test_certificates_are_looked_at_as_curl_sends_them(served: Guarded, papers: Papers) -> None:
    url = f"https://localhost:{served.port}{MOD}"
    asking = ("curl", "-sS", "-o", os.devnull, "-w", "%{http_code}", "--cacert", str(served.trusted), url)
    right = subprocess.run(
        (*asking, "--cert", papers.client.certificate, "--key", papers.client.key), check=False, capture_output=True
    )
    assert right.stdout == b"200"
    stranger = Authority(papers.top, "strangers").issue("mallory")
    expired = papers.clients.issue("expired", until=timedelta(hours=-1))
    of_the_server = papers.servers.issue("confused")
    for wrong in (stranger, expired, of_the_server):
        ran = subprocess.run(
            (*asking, "--cert", wrong.certificate, "--key", wrong.key), check=False, capture_output=True
        )
        assert ran.returncode != 0
        assert ran.stdout == b"000"
    served.wait_for("the certificate of 127.0.0.1 is not accepted: certificate has expired")


def test_old_versions_of_tls_are_not_spoken(served: Guarded) -> None:
    for version, is_spoken in (
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ):
        context = ssl.create_default_context(cafile=str(served.trusted))
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of the old ones
            context.minimum_version = min(version, ssl.TLSVersion.TLSv1_2)
            context.maximum_version = version
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as plain, ExitStack() as refusing:
            if not is_spoken:
                refusing.enter_context(pytest.raises((ssl.SSLError, ConnectionError)))
            context.wrap_socket(plain, server_hostname="localhost").close()


def test_who_speaks_plainly_is_told_to_speak_tls(served: Guarded) -> None:
    for begin in (PLAIN, b"\x00" * 20, b"SSH-2.0-x\r\n"):
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
            connection.sendall(begin)
            received = everything(connection)
        assert received.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"https://" in received
        assert b"ok" not in received


def test_large_files_come_whole(served: Guarded, behind: Upstream) -> None:
    path = f"/{MODULE}/@v/{VERSION}.zip"
    for _ in range(3):
        assert served.get(path, f"Bearer {TOKEN}").body == behind.files[path]


def test_where_certificates_are_required_a_password_comes_on_top(
    papers: Papers, behind: Upstream, tmp_path: Path
) -> None:
    tokens = secret_file(tmp_path / "tokens", token_line("ci"))
    flags = papers.flags("--client-ca", str(papers.clients.path))
    with guarded(tmp_path, behind.url, *flags, trusted=papers.servers.path) as served:
        assert served.get(MOD, certificate=papers.client).status == 200
        with pytest.raises((ssl.SSLError, ConnectionError)):
            served.get(MOD)
    both = (*flags, "--client-certificates", "required", "--tokens", str(tokens))
    with guarded(tmp_path, behind.url, *both, trusted=papers.servers.path) as served:
        assert served.get(MOD, certificate=papers.client).status == 401
        assert served.get(MOD, f"Bearer {TOKEN}", certificate=papers.client).status == 200
        with pytest.raises((ssl.SSLError, ConnectionError)):
            served.get(MOD, f"Bearer {TOKEN}")


def test_certificates_are_read_again_and_a_bad_one_changes_nothing(
    papers: Papers, behind: Upstream, tmp_path: Path
) -> None:
    mine, other, third = (papers.servers.issue(name) for name in ("mine", "other", "third"))
    revocable = papers.clients.issue("bob")
    authorities = tmp_path / "authorities.pem"
    authorities.write_bytes(papers.clients.path.read_bytes())
    flags = ("--tls-cert", *mine.pair[:1], "--tls-key", mine.pair[1], "--client-ca", str(authorities))
    with guarded(tmp_path, behind.url, *flags, trusted=papers.servers.path) as served:
        assert shown(served, mine)
        os.replace(other.certificate, mine.certificate)
        served.wait_for("stays as it was: this is no certificate with its key")
        assert shown(served, mine)
        os.replace(other.key, mine.key)
        served.wait_for("was read again")
        assert shown(served, other)
        mine.key.write_bytes(third.key.read_bytes())
        mine.certificate.write_bytes(third.certificate.read_bytes())
        served.hang_up()
        assert shown(served, third)
        assert served.get(MOD, certificate=revocable).status == 200
        authorities.write_bytes(papers.clients.path.read_bytes() + papers.clients.revoking(revocable.serial))
        served.hang_up()
        assert served.get(MOD, certificate=papers.client).status == 200
        with pytest.raises((ssl.SSLError, ConnectionError)):
            served.get(MOD, certificate=revocable)


def shown(served: Guarded, issued: Issued) -> bool:
    """Whether a certificate is the one that is shown to clients, who may be cut off after that."""
    context = ssl.create_default_context(cafile=str(served.trusted))
    plain = socket.create_connection(("127.0.0.1", served.port), timeout=20)
    with context.wrap_socket(plain, server_hostname="localhost") as secured:
        found = secured.getpeercert()
    assert found is not None
    return int(str(found["serialNumber"]), 16) == issued.serial


def test_a_key_that_others_can_read_and_files_that_hold_something_else_are_refused(
    papers: Papers, tmp_path: Path
) -> None:
    certificate, key = papers.server.pair
    mine = tmp_path / "key"
    mine.write_bytes(Path(key).read_bytes())
    for mode in (0o644, 0o660):
        mine.chmod(mode)
        with pytest.raises(PrivilegeError):
            Tls(TlsFiles(certificate, str(mine)))
    mine.chmod(0o640)
    Tls(TlsFiles(certificate, str(mine)))
    locked = ("openssl", "pkcs8", "-topk8", "-in", key, "-out", str(tmp_path / "locked"), "-passout", "pass:x")
    subprocess.run(locked, check=True, capture_output=True)
    (tmp_path / "empty").write_bytes(b"")
    for files in (
        TlsFiles(certificate, str(tmp_path / "locked")),
        TlsFiles(key, certificate),
        TlsFiles(certificate, str(tmp_path / "none")),
        TlsFiles(certificate, key, str(tmp_path / "empty")),
        TlsFiles(certificate, key, str(tmp_path)),
    ):
        with pytest.raises((UsageError, PrivilegeError)):
            Tls(files)


def open_files(process: int) -> int:
    """How many sockets it has."""
    found = Path(f"/proc/{process}/fd").iterdir()
    return sum(stat.S_ISSOCK(os.stat(one).st_mode) for one in found if one.exists())


def test_handshakes_that_are_not_made_hold_a_few_places_for_a_while(
    papers: Papers, behind: Upstream, tmp_path: Path
) -> None:
    tokens = secret_file(tmp_path / "tokens", token_line("ci"))
    flags = papers.flags("--tokens", str(tokens))
    with guarded(tmp_path, behind.url, *flags, trusted=papers.servers.path) as served, ExitStack() as held:
        before = open_files(served.process.pid)
        for number in range(2 * tls_listening.MOST_SHAKING_OF_ONE):
            one = held.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=30))
            if number % 2:
                one.sendall(b"\x16\x03\x01\x02\x00\x01")
        until = time.monotonic() + 5
        while open_files(served.process.pid) < before + tls_listening.MOST_SHAKING_OF_ONE and time.monotonic() < until:
            time.sleep(0.05)
        assert open_files(served.process.pid) <= before + tls_listening.MOST_SHAKING_OF_ONE
        until = time.monotonic() + 3 * tls_listening.HANDSHAKE_SECONDS
        while open_files(served.process.pid) > before:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert served.get(MOD, f"Bearer {TOKEN}").status == 200


@pytest.mark.parametrize("file", ["list", "v1.0.0.zip"])
def test_it_ends_though_a_file_drips_that_nobody_waits_for(file: str, tmp_path: Path) -> None:
    path = f"/{MODULE}/@v/{file}"
    with upstream() as behind:
        behind.faults[path] = Fault(body=b"v1.0.0\n" * 1000, drip=0.5)
        with guarded(tmp_path, behind.url) as served, socket.create_connection(("127.0.0.1", served.port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing says so at once
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            until(lambda: behind.asked != [])


def test_it_ends_with_handshakes_and_answers_under_way(papers: Papers, behind: Upstream, tmp_path: Path) -> None:
    tokens = secret_file(tmp_path / "tokens", token_line("ci"))
    flags = papers.flags("--tokens", str(tokens))
    with guarded(tmp_path, behind.url, *flags, trusted=papers.servers.path) as served, ExitStack() as held:
        for _ in range(4):
            held.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=30))
        assert served.get("/healthz").status == 200
        served.process.terminate()
        assert served.process.wait(15) == 0
