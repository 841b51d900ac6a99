"""Bring what is known about releases up to date: new patches, ends of lines, vulnerabilities. Nothing is installed by it."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from gosteward.cli import options as flags
from gosteward.errors import HEALTHY, TRY_AGAIN
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.toolchains.refreshed.refreshing import Refreshed

HELP = "bring what is known about releases and their vulnerabilities up to date"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--from", metavar="URL|DIR|FILE", dest="source", default="",
        help="a vulnerability database, a source of releases, a bundle, or release-data.json (default: GOPROXY, go.dev, GOVULNDB)",
    )  # fmt: skip
    parser.add_argument(
        "--key", metavar="FILE|URL", default="", help="instead: take a newer certificate of Go's release key from there"
    )
    flags.add_offline(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to say it (default: text)")
    flags.add_language(parser)


def run(options: Namespace) -> int:
    flags.settle(options)
    return _key(options) if options.key else _data(options)


def _data(options: Namespace) -> int:
    from gosteward.golang import platforms
    from gosteward.host.accounts import user_with_id
    from gosteward.host.local import LocalHost
    from gosteward.host.own_directory import state_for
    from gosteward.probes import kept_release_data, machine
    from gosteward.toolchains.origins.web import Web
    from gosteward.toolchains.refreshed import refreshing, release_data

    host = LocalHost(os.environ)
    me = user_with_id(host, os.geteuid())
    state = state_for(host.environ, me.home)
    facts, _ = machine.collect(host, me)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    web = Web(host, me, offline=options.offline)
    site = refreshing.Site(host, me, web, flags.settings(options), platforms.platform_of(facts), now)
    before = kept_release_data.known_in(state)
    found = refreshing.refreshed(before.data, options.source, site)
    path = release_data.keep(found.data, state) if found.is_newer or before.damage else ""
    text = _json(found, path) if options.format == "json" else _text(found, path, options)
    flags.write(text, "")
    return TRY_AGAIN if found.has_failed else HEALTHY


def _text(found: Refreshed, path: str, options: Namespace) -> str:
    words = flags.catalog(options.lang)
    lines = [words.text(part.text) for part in found.parts]
    if path:
        lines.append(words.text(Text("kept in {path}", path=path)))
    return "".join(f"{visible(line)}\n" for line in lines)


def _json(found: Refreshed, path: str) -> str:
    """The document of the schema "gosteward.refresh/1"."""
    data = found.data
    document = {
        "schema": "gosteward.refresh/1",
        "parts": [{"name": p.name, "state": p.state, "text": visible(str(p.text))} for p in found.parts],
        "releases": {"as_of": data.releases.as_of, "source": data.releases.source},
        "advisories": {"as_of": data.advisories.as_of, "source": data.advisories.source},
        "kept_in": path,
    }
    return json.dumps(document, indent=1) + "\n"


def _key(options: Namespace) -> int:
    from gosteward.host.accounts import user_with_id
    from gosteward.host.local import LocalHost
    from gosteward.host.own_directory import cache_for, state_for
    from gosteward.toolchains.origins.web import Web
    from gosteward.toolchains.proving import release_key
    from gosteward.toolchains.proving.openpgp import Ring

    host = LocalHost(os.environ)
    me = user_with_id(host, os.geteuid())
    ring = Ring(cache_for(host.environ, me.home), state_for(host.environ, me.home))
    found = release_key.refreshed(options.key, ring, Web(host, me, offline=options.offline), host)
    if options.format == "json":
        flags.write(json.dumps({"schema": "gosteward.refresh-key/1", **found._asdict()}, indent=1) + "\n", "")
        return HEALTHY
    words = flags.catalog(options.lang)
    lines = [Text("it is the certificate {primary}, as pinned", primary=found.primary)]
    lines += [Text("new in it: key {key}; whether {primary} has signed it, each verification judges", key=key, primary=found.primary[-16:]) for key in found.added]  # fmt: skip
    lines.append(Text("kept in {path}", path=found.path) if found.path else Text("nothing in it is new"))
    flags.write("".join(f"{visible(words.text(line))}\n" for line in lines), "")
    return HEALTHY
