"""One file with releases and their proofs, for hosts without internet: `create` makes it, `inspect` verifies it with no network."""

from __future__ import annotations

import json
import os
from shlex import quote
from typing import TYPE_CHECKING

from gosteward.cli import check_text
from gosteward.cli import options as flags
from gosteward.errors import HEALTHY
from gosteward.finding import Text
from gosteward.report.layout import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.catalogs import Catalog
    from gosteward.golang.bundle_manifest import BundledRelease
    from gosteward.toolchains.bundling.creation import Created, Packed
    from gosteward.toolchains.bundling.inspection import Inspection

HELP = "make or verify one file with releases and their proofs, for hosts without internet"
CREATE = "write releases and their proofs to one file; `gosteward install VERSION --from FILE` uses it"
INSPECT = "verify such a file without a network: every hash, every proof"


def add_arguments(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="create|inspect", required=True)
    create = actions.add_parser("create", help=CREATE, description=CREATE)
    create.add_argument("file", metavar="FILE", help="the bundle to write, such as go.bundle")
    create.add_argument(
        "versions", metavar="VERSION", nargs="+", help="1.26.8, 1.26, latest, go.mod, .go-version, or a downloaded archive"
    )  # fmt: skip
    create.add_argument(
        "--platform", metavar="P", action="append", default=[], help="linux-arm64, say; may be repeated (default: this host's)"
    )  # fmt: skip
    flags.add_source(create, "where archives come from (default: GOPROXY, go.dev)")
    flags.add_offline(create)
    create.add_argument("--force", action="store_true", help="replace FILE")
    inspect = actions.add_parser("inspect", help=INSPECT, description=INSPECT)
    inspect.add_argument("file", metavar="FILE", help="the bundle")
    inspect.add_argument("--quick", action="store_true", help="do not hash the archives: judge the proofs only")
    for sub in (create, inspect):
        sub.add_argument("--format", choices=("text", "json"), default="text", help="how to say it (default: text)")
        flags.add_language(sub)


def run(options: Namespace) -> int:
    return _create(options) if options.action == "create" else _inspect(options)


def _create(options: Namespace) -> int:
    from gosteward.cli.install import Bar
    from gosteward.host.accounts import user_with_id
    from gosteward.host.local import LocalHost
    from gosteward.probes.kept_release_data import known_in
    from gosteward.toolchains.bundling.creation import create
    from gosteward.toolchains.obtaining.acquiring import Acquiring, keeping_of
    from gosteward.toolchains.refreshed.refreshing import bundled

    flags.settle(options)
    host = LocalHost(os.environ)
    me = user_with_id(host, os.geteuid())
    keeping = keeping_of(host, me.home)
    acquiring = Acquiring(
        host, me, keeping, source=options.source, offline=options.offline, progress=Bar().show,
        settings=flags.settings(options),
    )  # fmt: skip
    made = create(
        options.file, options.versions, acquiring, for_platforms=options.platform, replace=options.force,
        others=(bundled(known_in(keeping.state).data),),
    )  # fmt: skip
    text = created_json(made) if options.format == "json" else created_text(made, flags.catalog(options.lang))
    flags.write(text, "")
    return HEALTHY


def _inspect(options: Namespace) -> int:
    from gosteward.host.accounts import user_with_id
    from gosteward.host.local import LocalHost
    from gosteward.toolchains.bundling.inspection import inspect
    from gosteward.toolchains.origins.web import Web
    from gosteward.toolchains.verifying.manifests import trusted_log

    host = LocalHost(os.environ)
    me = user_with_id(host, os.geteuid())
    found = inspect(options.file, trusted_log(host, me, Web(host, me, offline=True)), quick=options.quick)
    text = inspected_json(found) if options.format == "json" else inspected_text(found, flags.catalog(options.lang))
    flags.write(text, "")
    return found.exit_code


def created_json(made: Created) -> str:
    """The document of the schema "gosteward.bundle-creation/1"."""
    document = {
        "schema": "gosteward.bundle-creation/1",
        "bundle": visible(made.path),
        "bytes": made.size,
        "created_at": made.manifest.created_at,
        "log": {"name": made.manifest.log, "key_hash": made.manifest.key_hash},
        "releases": [{**_row(one.release), "source": visible(one.source)} for one in made.releases],
    }
    return json.dumps(document, indent=1) + "\n"


def created_text(made: Created, words: Catalog) -> str:
    """What was written, and how to use it."""
    size = f"{made.size / 1e6:.1f}"
    lines = [words.text(Text("wrote {file}, {size} MB, all releases in it proved", file=made.path, size=size))]
    lines += [words.text(_packed(one, made.manifest.log)) for one in made.releases]
    file = quote(made.path)
    hint = Text("`gosteward install {version} --from {file}` installs it, with --offline too", version=made.releases[0].release.version[2:], file=file)  # fmt: skip
    lines += ["", words.text(hint)]
    return "".join(f"{visible(line)}\n" for line in lines)


def _packed(one: Packed, log: str) -> Text:
    return Text(
        "  {release}, {size} MB from {source}: record {number} of {log}",
        release=one.release.shown,
        size=f"{one.release.size / 1e6:.1f}",
        source=one.source,
        number=str(one.release.record),
        log=log,
    )


def _row(release: BundledRelease) -> dict[str, object]:
    return {
        "version": release.version,
        "platform": release.platform.module,
        "form": release.form,
        "file": release.file,
        "bytes": release.size,
        "sha256": release.sha256,
        "h1": release.h1,
        "record": release.record,
    }


def inspected_json(found: Inspection) -> str:
    """The document of the schema "gosteward.bundle-inspection/1"."""
    manifest = found.bundle.manifest
    document = {
        "schema": "gosteward.bundle-inspection/1",
        "bundle": visible(found.bundle.path),
        "bytes": found.bundle.size,
        "created_at": manifest.created_at,
        "log": {"name": manifest.log, "key_hash": manifest.key_hash, "trusted": found.key},
        "hashed": found.hashed,
        "proved": found.hashed and found.exit_code == HEALTHY,
        "checks": [check_text.row(check) for check in found.checks],
        "releases": [
            {**_row(one.release), "checks": [check_text.row(check) for check in one.checks]} for one in found.releases
        ],
        "others": [member.name for member in found.bundle.others],
    }
    return json.dumps(document, indent=1) + "\n"


def inspected_text(found: Inspection, words: Catalog) -> str:
    """The verdict, what holds for the whole bundle, then its releases."""
    lines = [words.text(_verdict(found))]
    lines += [line for check in found.checks for line in check_text.lines(check, words, "  ")]
    for one in found.releases:
        release = one.release
        size, form = f"{release.size / 1e6:.1f}", words.words("module zip")
        if release.form == "archive":
            form = words.words("tar.gz as on go.dev")
        shown = Text("{release}, {form}, {size} MB", release=release.shown, form=form, size=size)
        lines += [
            "",
            words.text(shown),
            *(line for check in one.checks for line in check_text.lines(check, words, "  ")),
        ]
    if found.bundle.others:
        names = ", ".join(member.name for member in found.bundle.others)
        lines += ["", words.text(Text("also in it, and not judged: {names}", names=names))]
    return "".join(f"{visible(line)}\n" for line in lines)


def _verdict(found: Inspection) -> Text:
    file, day = found.bundle.path, found.bundle.manifest.created_at
    count = str(len(found.releases))
    if found.exit_code != HEALTHY:
        return Text("{file}, made {day}: not all of it is proved, do not use it", file=file, day=day)
    if not found.hashed:
        template = (
            "{file}, made {day}: the proofs of all {count} releases hold; their archives were not hashed (--quick)"
        )
        return Text(template, file=file, day=day, count=count)
    return Text("{file}, made {day}: all {count} releases in it are proved", file=file, day=day, count=count)
