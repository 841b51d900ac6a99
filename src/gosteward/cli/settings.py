"""Show the settings of installations: each value, and the file and line, variable or default that it comes from."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.errors import HEALTHY
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog
    from gosteward.settings import Value
    from gosteward.toolchains.origins.configuration import Configuration, File
    from gosteward.toolchains.origins.credentials import Credentials

HELP = "show the settings, and where each of them comes from"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to show (default: text)")
    flags.add_language(parser)


def run(options: Namespace) -> int:
    found, passwords = flags.configuration(), _credentials()
    words = flags.catalog(options.lang)
    flags.write(_json(found, passwords) if options.format == "json" else _text(found, passwords, words), "")
    return HEALTHY


def _credentials() -> Credentials:
    from gosteward.host.accounts import user_with_id
    from gosteward.host.local import LocalHost
    from gosteward.toolchains.origins.credentials import credentials
    from gosteward.toolchains.origins.settings import go_auth

    host = LocalHost(os.environ)
    me = user_with_id(host, os.geteuid())
    return credentials(host, me, go_auth(host, me))


def _shown(value: Value) -> Value:
    """Without passwords."""
    from gosteward.golang.proxyurls import masked

    if isinstance(value, tuple):
        return tuple(map(masked, value))
    return value


def _json(found: Configuration, passwords: Credentials) -> str:
    from gosteward.settings import KEYS

    values = {
        key: {"value": _shown(getattr(found.settings, key)), "origin": found.settings.origin(key)} for key in KEYS
    }
    document = {
        "schema": "gosteward.settings/1",
        "files": [file._asdict() for file in found.files],
        "toolchains": values,
        "netrc": {
            "path": passwords.path,
            "state": passwords.state,
            "machines": [entry.machine for entry in passwords.entries if entry.complete],
            "notes": [str(note) for note in passwords.notes()],
        },
    }
    return json.dumps(document, indent=1) + "\n"


def _text(found: Configuration, passwords: Credentials, words: Catalog) -> str:
    from gosteward.settings import DEFAULT, KEYS

    lines = []
    for key in KEYS:
        value = json.dumps(_shown(getattr(found.settings, key)), ensure_ascii=False)
        origin = found.settings.origin(key)
        lines.append(f"{key} = {value}  # {words.words('default') if origin == DEFAULT else origin}")
    lines += ["", *(words.text(_state(file)) for file in found.files)]
    if passwords.state == "read":
        machines = len({entry.machine for entry in passwords.entries if entry.complete})
        lines.append(
            words.text(Text("machines with a password in {path}: {count}", path=passwords.path, count=str(machines)))
        )
    lines += [words.text(note) for note in passwords.notes()]
    return "".join(f"{visible(line)}\n" for line in lines)


def _state(file: File) -> Text:
    if file.state == "missing":
        return Text("{path} is not there", path=file.path)
    if file.state == "closed":
        return Text("{path} is not for you to read, and counts for others", path=file.path)
    return Text("{path} was read", path=file.path)
