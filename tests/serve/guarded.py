"""`gosteward proxy serve` as a process of its own, with certificates made for it.

with guarded(tmp_path, behind.url, "--htpasswd", path) as served: ...
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from base64 import b64encode
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from serve.serving import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = timedelta(days=1)


def basic(user: str, password: str) -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


class Issued(NamedTuple):
    """A certificate and its key, each in a file.  serial: its number."""

    certificate: Path
    key: Path
    serial: int

    @property
    def pair(self) -> tuple[str, str]:
        return str(self.certificate), str(self.key)


class Authority:
    """Signs certificates.  path: of its own."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory, self._key = directory, ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        extensions = ((x509.BasicConstraints(ca=True, path_length=None), True), (usage, True))
        certificate = self._made(self._name, self._key, extensions, datetime.now(timezone.utc) + DAY)
        self.path = directory / f"{name}.pem"
        self.path.write_bytes(_pem(certificate))

    def issue(self, name: str, *, until: timedelta = DAY) -> Issued:
        """A certificate for a server on this host, or for a client."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
        certificate = self._made(_named(name), key, ((names, False),), datetime.now(timezone.utc) + until)
        issued = Issued(self._directory / f"{name}.crt", self._directory / f"{name}.key", certificate.serial_number)
        issued.certificate.write_bytes(_pem(certificate))
        plain = serialization.NoEncryption()
        kind = serialization.PrivateFormat.PKCS8
        issued.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, plain))
        issued.key.chmod(0o600)
        return issued

    def revoking(self, *serials: int) -> bytes:
        """A list of revoked certificates, as PEM."""
        now = datetime.now(timezone.utc)
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._name)
            .last_update(now - DAY)
            .next_update(now + DAY)
        )
        for serial in serials:
            gone = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - DAY).build()
            made = made.add_revoked_certificate(gone)
        return made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _made(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extensions: tuple, until: datetime
    ) -> x509.Certificate:
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
        began = min(until, datetime.now(timezone.utc)) - 10 * DAY
        made = made.serial_number(x509.random_serial_number()).not_valid_before(began).not_valid_after(until)
        own, signer = key.public_key(), self._key.public_key()
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
        made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
        for extension, critical in extensions:
            made = made.add_extension(extension, critical=critical)
        return made.sign(self._key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def secret_file(path: Path, text: str) -> Path:
    """A file that nobody else may read, replaced as a whole."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text)
    new.chmod(0o600)
    new.replace(path)
    return path


class Guarded:
    """A proxy that runs.  said: the file of its stderr."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], said: Path, trusted: Path | None) -> None:
        self.port, self.process, self._said = port, process, said
        self.trusted = trusted

    @property
    def said(self) -> str:
        return self._said.read_text()

    def wait_for(self, text: str) -> None:
        until = time.monotonic() + 20
        while text not in self.said:
            assert time.monotonic() < until, self.said
            assert self.process.poll() is None, self.said
            time.sleep(0.02)

    def hang_up(self) -> None:
        """Send SIGHUP, and wait until it was heard."""
        before = self.said.count("read again")
        self.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + 20
        while self.said.count("read again") == before:
            assert time.monotonic() < until, self.said
            time.sleep(0.02)

    def get(
        self, path: str, authorization: str | bytes = "", method: str = "GET", certificate: Issued | None = None
    ) -> Answer:
        """Ask, with TLS if it speaks that. Raises OSError."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        if self.trusted is not None:
            context = ssl.create_default_context(cafile=str(self.trusted))
            if certificate is not None:
                context.load_cert_chain(*certificate.pair)
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)
        try:
            connection.request(method, path, headers={"Authorization": authorization} if authorization else {})
            response = connection.getresponse()
            return Answer(response.status, response.read(), {k.lower(): v for k, v in response.getheaders()})
        finally:
            connection.close()


def command(top: Path, behind: str, *flags: str, listen: str = "127.0.0.1:0") -> tuple[str, ...]:
    """The words of a proxy with its store in `top`/store."""
    words = ("proxy", "serve", "--listen", listen, "--store", f"{top}/store", "--upstream", behind, "--sumdb", "off")
    return (sys.executable, "-m", "gosteward", *words, *flags)


@contextmanager
def guarded(top: Path, behind: str, *flags: str, trusted: Path | None = None) -> Iterator[Guarded]:
    """A proxy on the loopback.  trusted: the authority of its certificate, None where it speaks no TLS."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = top / "said"
    words = command(top, behind, *flags, listen=f"127.0.0.1:{port}")
    with said.open("wb") as err, subprocess.Popen(words, stderr=err, env={**os.environ, "HOME": str(top)}) as process:
        served = Guarded(port, process, said, trusted)
        try:
            served.wait_for("listening on")
            yield served
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            finally:
                process.kill()
    assert "Traceback" not in served.said
