"""Record all facts of this host as JSON, to be judged elsewhere with `gosteward doctor --snapshot FILE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.cli import options as flags

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "record all facts of this host"


def add_arguments(parser: ArgumentParser) -> None:
    flags.add_host(parser)
    parser.add_argument(
        "--redact", action="store_true", help="mask tokens, passwords in URLs, and the names of host and user"
    )
    flags.add_output(parser)


def run(options: Namespace) -> int:
    from gosteward.examination import snapshot_of
    from gosteward.recording import encode_snapshot

    snapshot, _ = snapshot_of(flags.request(options))
    if options.redact:
        from gosteward.redaction import redacted

        snapshot = redacted(snapshot)
    # Everything that root may see is in it.
    flags.write(encode_snapshot(snapshot), options.output, mode=0o644 if options.redact else 0o600)
    return 0
