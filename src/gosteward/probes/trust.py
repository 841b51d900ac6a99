"""The certificates of authorities that go would trust here, and where a missing one may lie beside them.

Source: crypto/x509/root_linux.go and root_unix.go (`loadSystemRoots`): the first bundle of a list that can be read, or SSL_CERT_FILE
instead; and every file of two directories, or of SSL_CERT_DIR instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gosteward.formats import certificates
from gosteward.reasoning.viewpoint import variable
from gosteward.shells.user_files import as_user

if TYPE_CHECKING:
    from gosteward.host.reading import Host
    from gosteward.snapshot import Context, Location, User

BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
DIRECTORIES = ("/etc/ssl/certs", "/etc/pki/tls/certs")
# Where administrators put a company's authority, before the store is rebuilt.
DELIVERIES = (
    "/usr/local/share/ca-certificates",
    "/etc/pki/ca-trust/source/anchors",
    "/etc/pki/trust/anchors",
    "/usr/share/pki/ca-trust-source/anchors",
    "/usr/share/pki/trust/anchors",
    "/etc/ca-certificates/trust-source/anchors",
)
_BUNDLE_LIMIT = 4 << 20
_FILE_LIMIT = 1 << 18
_MOST_FILES = 600


class TrustSettings(NamedTuple):
    """SSL_CERT_FILE and SSL_CERT_DIR of a context, "" if unset, and the line of the first that is set."""

    file: str = ""
    directories: str = ""
    location: Location | None = None


class Trust(NamedTuple):
    """What go trusts.  bundle: the file that was read, "" if there is none.  pem: its text."""

    settings: TrustSettings
    bundle: str = ""
    pem: str = ""


def settings_of(context: Context) -> TrustSettings:
    """What a context says about the store."""
    file, directory = variable(context, "SSL_CERT_FILE"), variable(context, "SSL_CERT_DIR")
    used = [v if v is not None and v.exported and v.value else None for v in (file, directory)]
    location = next((v.sources[0] for v in used if v is not None and v.sources), None)
    return TrustSettings(used[0].value if used[0] else "", used[1].value if used[1] else "", location)


def read(host: Host, user: User, settings: TrustSettings) -> Trust:
    """The bundle, and the directories where there is no bundle or the settings name some."""
    candidates = (settings.file,) if settings.file else BUNDLES
    with as_user(host, user):
        for path in candidates:
            try:
                text = host.text(path, _BUNDLE_LIMIT)
            except OSError:
                continue
            extra = _of_directories(host, settings) if settings.directories else ""
            return Trust(settings, path, text + "\n" + extra)
        return Trust(settings, "", _of_directories(host, settings))


def with_directories(host: Host, user: User, trust: Trust) -> Trust:
    """The same, with the certificates of the directories too: go reads them always, and few hosts have others there."""
    with as_user(host, user):
        return trust._replace(pem=trust.pem + "\n" + _of_directories(host, trust.settings))


def delivered(host: Host, user: User, issuers: frozenset[bytes]) -> str:
    """A file beside the store whose certificate has one of these encoded names as its subject; "" if none has."""
    with as_user(host, user):
        for directory in DELIVERIES:
            for path in _files(host, directory):
                try:
                    found = certificates.from_file(host.read(path, _FILE_LIMIT))
                except OSError:
                    continue
                parsed = (certificates.parse(der) for der in found)
                if any(c is not None and c.subject in issuers for c in parsed):
                    return path
    return ""


def _files(host: Host, directory: str) -> list[str]:
    """Files of a directory and of those in it."""
    paths: list[str] = []
    for name in host.listdir(directory, _MOST_FILES):
        path = f"{directory}/{name}"
        if host.is_directory(path):
            paths += [f"{path}/{inner}" for inner in host.listdir(path, _MOST_FILES)]
        else:
            paths.append(path)
    return paths[:_MOST_FILES]


def _of_directories(host: Host, settings: TrustSettings) -> str:
    texts: list[str] = []
    for directory in settings.directories.split(":") if settings.directories else DIRECTORIES:
        for name in host.listdir(directory, _MOST_FILES) if directory.startswith("/") else ():
            path = f"{directory}/{name}"
            target = host.readlink(path)
            if target and "/" not in target:
                continue  # the names by hash that OpenSSL wants: the same certificates again
            try:
                text = host.text(path, _FILE_LIMIT)
            except OSError:
                continue
            if "-----BEGIN CERTIFICATE-----" in text:
                texts.append(text)
    return "\n".join(texts)
