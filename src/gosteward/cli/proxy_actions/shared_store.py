"""Flags for the store that several proxies share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gosteward.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from gosteward.modules.shared.places import SharedPlace


def add_shared(parser: ArgumentParser) -> None:
    """--shared, --shared-endpoint, --shared-region."""
    parser.add_argument(
        "--shared", metavar="URL", default="",
        help="share verified files with other proxies: s3://BUCKET/PREFIX, with the credentials of the environment (AWS_...) or the machine; "
        "or file:///DIR, which all have mounted",
    )  # fmt: skip
    parser.add_argument(
        "--shared-endpoint", metavar="URL", default="", help="the S3 server, where it is not that of AWS"
    )
    parser.add_argument(
        "--shared-region", metavar="NAME", default="", help="its region (default: AWS_REGION, else us-east-1)"
    )


def shared_of(options: Namespace) -> SharedPlace | None:
    """What the flags ask for; None for nothing. Raises UsageError."""
    from gosteward.modules.shared.places import SharedPlace  # here, as --help needs none of it

    if options.shared:
        return SharedPlace(options.shared, options.shared_endpoint, options.shared_region)
    if options.shared_endpoint or options.shared_region:
        raise UsageError("what is shared, nobody says", subject="--shared-endpoint", hint="--shared s3://BUCKET/PREFIX")
    return None
