"""Flags for what proxies tell each other through a Redis."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gosteward.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Mapping

    from gosteward.modules.storage.redis_link import SharedMetadata
    from gosteward.modules.storage.redis_place import RedisPlace

VARIABLE = "GOSTEWARD_REDIS_PASSWORD"


def add_metadata(parser: ArgumentParser) -> None:
    """--metadata, --metadata-password-file, --metadata-ca."""
    parser.add_argument(
        "--metadata", metavar="URL", default="",
        help="share lists and single fetches with other proxies through a Redis: redis://HOST:PORT/DATABASE?prefix=NAME, "
        "rediss:// with TLS, unix:///PATH",
    )  # fmt: skip
    parser.add_argument(
        "--metadata-password-file", metavar="FILE", default="",
        help=f"its password, read anew for each connection (default: what stands in {VARIABLE})",
    )  # fmt: skip
    parser.add_argument(
        "--metadata-ca", metavar="FILE", default="", help="trust these authorities for it, besides the system's"
    )


def metadata_of(options: Namespace, environ: Mapping[str, str]) -> SharedMetadata | None:
    """What the flags ask for; None for nothing. Raises UsageError, PrivilegeError."""
    from gosteward.host import secret_files
    from gosteward.modules.storage import redis_place
    from gosteward.modules.storage.redis_link import SharedMetadata

    file, authorities = _absolute(options.metadata_password_file), _absolute(options.metadata_ca)
    if not options.metadata:
        if file or authorities:
            raise UsageError("whose it is, nobody says", subject=file or authorities, hint="--metadata redis://HOST")
        return None
    place = redis_place.parse(options.metadata)
    if authorities and not place.tls:
        raise UsageError("authorities are for TLS", subject=place.shown, hint="write rediss:// for redis://")
    if authorities:
        secret_files.content(authorities, secret=False)
    return SharedMetadata(place, _password(place, file, environ.get(VARIABLE, "")), authorities)


def _password(place: RedisPlace, file: str, of_environment: str) -> Callable[[], str]:
    """What tells the password. Raises UsageError, PrivilegeError: the file cannot be used."""
    if not file:
        return lambda: place.password or of_environment
    if place.password:
        hint = "leave it out of the URL, which others can see in the list of processes"
        raise UsageError("there are two passwords, in the URL and in a file", subject=place.shown, hint=hint)
    _content(file)
    return lambda: _content(file)


def _content(file: str) -> str:
    """The first line of a file, without its end. Raises UsageError, PrivilegeError."""
    from gosteward.host import secret_files

    try:
        found = secret_files.content(file, secret=True).decode().split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError as error:
        raise UsageError("it is no UTF-8 text", subject=file) from error
    if not found:
        raise UsageError("there is no password in its first line", subject=file)
    return found


def _absolute(path: str) -> str:
    return os.path.abspath(path) if path else ""
