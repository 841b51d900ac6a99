"""The settings in force for the user of this process, read where they are kept, and the sources and servers that follow from them.

    GOSTEWARD_FROM, GOSTEWARD_ROOT             over
    ~/.config/gosteward/settings.toml          of others than root ($XDG_CONFIG_HOME), over
    /etc/gosteward/settings.toml               which must be root's, and nobody else's to write

Root reads no file of a user's: what root runs, nobody else decides.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gosteward import settings as texts
from gosteward.errors import PrivilegeError, StewardError, UsageError
from gosteward.host.descriptors import read_all
from gosteward.toolchains.origins.trusted_files import is_trusted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gosteward.host.local import LocalHost
    from gosteward.settings import Chosen, Settings
    from gosteward.toolchains.origins.settings import Database
    from gosteward.toolchains.origins.sources import Source
    from gosteward.toolchains.origins.web import Web

SYSTEM_FILE = "/etc/gosteward/settings.toml"
# Of the system's file these are for root: others cannot write to its root, and give nothing to a group.
OF_ROOT = ("root", "group")


class File(NamedTuple):
    """Where settings may be.  state: "read", "missing", or "closed" for one that this user may not read."""

    path: str
    state: str


class Configuration(NamedTuple):
    """The settings in force, and the files that were looked for."""

    settings: Settings
    files: tuple[File, ...]


def configuration(host: LocalHost, home: str, euid: int, system_file: str = SYSTEM_FILE) -> Configuration:
    """Read what there is.

    Args:
        home: of the user.   euid: whose process this is.

    Raises:
        UsageError: a file says what no setting is.   PrivilegeError: somebody else could have written it.
    """
    chosen: list[Chosen] = []
    files: list[File] = []
    for path in (system_file, own_file(host.environ, home) if euid else ""):
        if path:
            owners = (0,) if path == system_file else (0, euid)
            text, state = _text(host, path, owners)
            files.append(File(path, state))
            found = texts.parse(text, path) if text else ()
            chosen += (c for c in found if path != system_file or not euid or c.key not in OF_ROOT)
    environ = host.environ
    chosen += texts.of_environment(environ.get("GOSTEWARD_FROM", ""), environ.get("GOSTEWARD_ROOT", ""))
    return Configuration(texts.merged(chosen), tuple(files))


def own_file(environ: Mapping[str, str], home: str) -> str:
    """Where a user's own settings are; "" for one without a home. Source: XDG Base Directory Specification."""
    given = environ.get("XDG_CONFIG_HOME", "")
    base = given.rstrip("/") if given.startswith("/") else f"{home.rstrip('/')}/.config" if home.strip("/") else ""
    return f"{base}/gosteward/settings.toml" if base else ""


def _text(host: LocalHost, path: str, owners: tuple[int, ...]) -> tuple[str, str]:
    """The content, "" without one, and the state. Raises PrivilegeError, UsageError."""
    try:
        descriptor = host.descriptor(path)
    except (FileNotFoundError, NotADirectoryError):
        return "", "missing"
    except PermissionError:
        return "", "closed"
    except OSError as error:
        raise UsageError(f"it cannot be read ({error.strerror})", subject=path) from error
    try:
        status = os.fstat(descriptor)
        if not is_trusted(host, path, descriptor, owners):
            whose = "root" if owners == (0,) else "its user"
            hint = f"let it and its directory belong to {whose}, and `chmod go-w` both"
            raise PrivilegeError("others may write to this file of settings", subject=path, hint=hint)
        data = read_all(descriptor, status.st_size, texts.LONGEST_FILE + 1)
    finally:
        os.close(descriptor)
    try:
        return data.decode(), "read"
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError("not TOML (it is not UTF-8)", subject=f"{path}:{line}") from error


def sources_of(settings: Settings, goproxy: str, web: Web, host: LocalHost) -> tuple[Source, ...]:
    """Where to look without --from: the sources of the settings, then those of GOPROXY, unless the settings say that there are no others.

    Raises:
        UsageError: a source is none.
    """
    from gosteward.toolchains.origins import sources  # here, as commands that fetch nothing read settings, too

    own = tuple(source for text in settings.sources for source in _named(text, settings, web, host))
    return own if settings.only_sources else (*own, *sources.of_settings(goproxy, web, host))


def database_of(settings: Settings, database: Database) -> Database:
    """The checksum database, asked under the sources of the settings before it is asked elsewhere, and only there where there are no others."""
    urls = (text.rstrip("/") for text in settings.sources if text.startswith(("http://", "https://")))
    relayed = tuple(f"{url}/sumdb/{database.key.name}" for url in urls)
    others = () if settings.only_sources else tuple(base for base in database.bases if base not in relayed)
    return database._replace(bases=(*relayed, *others))


def _named(text: str, settings: Settings, web: Web, host: LocalHost) -> tuple[Source, ...]:
    """A directory that is not there at the moment (a mount) has nothing, and the next source is asked."""
    from urllib.parse import unquote

    from gosteward.toolchains.origins import sources

    path = unquote(text[len("file://") :]) if text.startswith("file://") else text
    if path.startswith("/") and not host.exists(path):
        return (sources.Folder(host, path),)
    try:
        return sources.named(text, web, host)
    except StewardError as error:
        place = f"{settings.origin('sources')}: {error.subject}"
        raise UsageError(error.what, subject=place, hint=error.hint) from error
