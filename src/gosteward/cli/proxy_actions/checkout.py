"""Flags for modules that come from version control."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from gosteward.host.local import LocalHost
    from gosteward.modules.checkout.source import Wishes
    from gosteward.snapshot import User


def add_checkout(parser: ArgumentParser) -> None:
    """--checkout-home, --checkout-user, --checkout-go, --checkout-insecure."""
    parser.add_argument(
        "--checkout-home", metavar="DIR", default="",
        help="what the upstream `checkout` needs to be let in: .netrc, .gitconfig, .git-credentials, .ssh/ in a directory",
    )  # fmt: skip
    parser.add_argument(
        "--checkout-user", metavar="NAME", default="", help="whom go and git run as there; root has to say it"
    )
    parser.add_argument(
        "--checkout-go", metavar="GOROOT", default="",
        help="the go that checks out modules (default: the newest that gosteward installed, else the one on PATH)",
    )  # fmt: skip
    parser.add_argument(
        "--checkout-insecure", metavar="PATTERNS", default="",
        help="modules that may be checked out over http, and from servers with any certificate, as GOINSECURE",
    )  # fmt: skip


def checkout_of(options: Namespace, host: LocalHost, me: User) -> Wishes:
    """What the flags ask for. Raises UsageError: there is no such account, or no such tree."""
    from gosteward.errors import UsageError
    from gosteward.host.accounts import user_named
    from gosteward.modules.checkout.source import Wishes

    user = user_named(host, options.checkout_user) if options.checkout_user else None
    if user is not None and user.uid == me.uid:
        user = None
    if user is not None and me.uid != 0:
        raise UsageError("only root can let somebody else check out modules", subject=options.checkout_user)
    return Wishes(
        _goroots(options, host, me),
        user,
        os.path.abspath(options.checkout_home) if options.checkout_home else "",
        options.checkout_insecure,
        os.environ,
        "root does not check out modules itself" if me.uid == 0 and user is None else "",
        "--checkout-user ACCOUNT says who does",
    )


def _goroots(options: Namespace, host: LocalHost, me: User) -> Callable[[], tuple[str, ...]]:
    """Where there is a go, the best first; what is installed later is found, too."""
    from gosteward.toolchains.installed import store
    from gosteward.toolchains.installed.goroots import goroot_at

    if options.checkout_go:
        given = goroot_at(host, os.path.abspath(options.checkout_go)).path
        return lambda: (given,)
    root = store.default_root(me.uid, dict(host.environ), me.home)

    def found() -> tuple[str, ...]:
        trees = tuple(one.tree for one in store.installed(host, root))
        return trees or _on_path(os.environ.get("PATH", ""))

    return found


def _on_path(path: str) -> tuple[str, ...]:
    """The tree of the first go on PATH, through links."""
    import shutil

    go = shutil.which("go", path=path)
    tree = os.path.dirname(os.path.dirname(os.path.realpath(go))) if go else ""
    return (tree,) if tree and os.path.isfile(f"{tree}/bin/go") else ()
