"""Flags for what shows what a proxy does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from gosteward.modules.proxy import ModuleProxy
    from gosteward.serve.observation import Observation
    from gosteward.serve.own_certificate import OwnCertificate


def add_observation(parser: ArgumentParser) -> None:
    """The flags --log and --log-hits."""
    parser.add_argument(
        "--log", choices=("text", "json", "off"), default="text",
        help="a line on stderr for each request that is not answered from memory, and for each trouble (default: text)",
    )  # fmt: skip
    parser.add_argument("--log-hits", action="store_true", help="a line for requests answered from memory, too")


def observation_of(
    options: Namespace, proxy: ModuleProxy, certificate: Callable[[], OwnCertificate | None]
) -> Observation:
    """What looks at a proxy.  certificate: as of `Observation`."""
    from gosteward.serve.access_log import AccessLog, stderr  # here, as --help needs none of it
    from gosteward.serve.observation import Observation

    return Observation(proxy, AccessLog(stderr(), options.log), certificate)
