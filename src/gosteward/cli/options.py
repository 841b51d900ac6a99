"""Flags that several commands share, and what they mean."""

from __future__ import annotations

import errno
import os
import stat
import sys
from argparse import Action
from typing import TYPE_CHECKING, Any

from gosteward.catalogs import LANGUAGES, catalog_for
from gosteward.errors import StewardError, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable

    from gosteward.catalogs import Catalog
    from gosteward.examination import Request
    from gosteward.settings import Settings
    from gosteward.toolchains.installed.changing import Changing
    from gosteward.toolchains.origins.configuration import Configuration


# What a recording cannot answer any more, and what to do instead.
RECORDED = {
    "--root": ("there is one host to judge", "give one of the two"),
    "--user": ("it was recorded for one user", "record another one with `gosteward snapshot --user NAME`"),
    "--project": ("it holds the modules of its own host", "record it again with `gosteward snapshot --project DIR`"),
    "--context": (
        "what it holds follows from all of its contexts",
        "record it again with `gosteward snapshot --context NAME`",
    ),
}


class Filled(Action):
    """A flag whose value is never empty. In a script that is a variable without a value, and must not come out as the default."""

    def __call__(self, parser: ArgumentParser, namespace: Namespace, values: Any, _option: str | None = None) -> None:
        if not values.strip():
            parser.error(f"argument {'/'.join(self.option_strings)}: it is empty")
        setattr(namespace, self.dest, values)


def add_host(parser: ArgumentParser) -> None:
    """Flags that say what to examine."""
    parser.add_argument("--root", metavar="DIR", default="", help="examine an unpacked root file system")
    parser.add_argument(
        "--snapshot",
        metavar="FILE",
        default="",
        help="judge a recorded snapshot; what it was recorded for (--root, --user, --project, --context) stays",
    )
    parser.add_argument("--user", metavar="NAME", default="", help="whose environment (default: who calls)")
    parser.add_argument(
        "--project", metavar="DIR", default="", help="the module to judge (default: the current directory)"
    )
    parser.add_argument(
        "--context", metavar="NAME", action="append", default=[], help="only this context; may be repeated"
    )
    parser.add_argument("--offline", action="store_true", help="ask no server")
    parser.add_argument(
        "--deadline", metavar="S", type=seconds, default=20.0, help="seconds for shells, and as many for reading (20)"
    )


def add_language(parser: ArgumentParser) -> None:
    """The flag for the language of messages."""
    parser.add_argument("--lang", choices=LANGUAGES, default="", help="language of messages (default: by the locale)")


def add_output(parser: ArgumentParser) -> None:
    """The flag for a file to write to."""
    parser.add_argument("-o", "--output", metavar="FILE", default="", help="write to FILE (default: standard output)")


def can_ask() -> bool:
    """Whether somebody sits there who can be shown something and answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def agreed(lines: Iterable[str], question: str) -> bool:
    """Show lines of the host on standard error, and ask."""
    from gosteward.report.layout import visible

    print(*map(visible, lines), question, sep="\n", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def add_root(parser: ArgumentParser) -> None:
    """Where toolchains are installed."""
    parser.add_argument(
        "--root",
        action=Filled,
        metavar="DIR",
        default="",
        help="where trees are put (default: the settings', /opt/go, ~/.local/share/go)",
    )


def add_source(parser: ArgumentParser, meaning: str) -> None:
    """The flag for where releases come from.  meaning: for this command."""
    parser.add_argument("--from", action=Filled, metavar="URL|DIR|FILE", dest="source", default="", help=meaning)


def add_placing(parser: ArgumentParser) -> None:
    """What may be done outside of the root. None where no flag says so: then the settings do, see `settle`."""
    from argparse import BooleanOptionalAction

    parser.add_argument(
        "--links", action=BooleanOptionalAction, default=None, help="make links and files outside of the root, or none"
    )
    parser.add_argument(
        "--adopt", action=BooleanOptionalAction, default=None, help="move aside what is in the way of a link or a file"
    )


def add_offline(parser: ArgumentParser) -> None:
    """The flag that keeps an installation from the network; None as in `add_placing`."""
    from argparse import BooleanOptionalAction

    parser.add_argument("--offline", action=BooleanOptionalAction, default=None, help="ask no server")


def configuration() -> Configuration:
    """Settings of this host and user, and where they were looked for. Raises UsageError, PrivilegeError."""
    from gosteward.host.accounts import user_with_id
    from gosteward.host.local import LocalHost
    from gosteward.toolchains.origins import configuration

    host = LocalHost(os.environ)
    return configuration.configuration(host, user_with_id(host, os.geteuid()).home, os.geteuid())


def settings(options: Namespace) -> Settings:
    """The settings in force, read once for each command line. Raises as `configuration`."""
    found: Settings | None = getattr(options, "settings", None)
    if found is None:
        found = options.settings = configuration().settings
    return found


def settle(options: Namespace) -> None:
    """Let the settings speak where no flag of `add_placing`, `add_offline` or --group does. Raises as `configuration`."""
    found = settings(options)
    for name in ("links", "adopt", "offline", "group"):
        if getattr(options, name, "") is None:
            setattr(options, name, getattr(found, name))


def root_of(options: Namespace) -> str:
    """The root that is meant. Raises UsageError, and as `configuration`."""
    from gosteward.host.accounts import user_with_id
    from gosteward.host.local import LocalHost
    from gosteward.toolchains.installed.store import default_root

    root: str = options.root or settings(options).root
    if not root:
        host = LocalHost(os.environ)
        return default_root(os.geteuid(), host.environ, user_with_id(host, os.geteuid()).home)
    if not os.path.isabs(root):
        raise UsageError("the root must be a whole path", subject=root, hint="it begins with /")
    return os.path.normpath(root)


def changeable_root(options: Namespace) -> str:
    """The same, if this process may change what is in it. Raises PrivilegeError, and as `root_of`."""
    from gosteward.toolchains.installed.store import refuse_of_others

    root = root_of(options)
    refuse_of_others(root)
    return root


def link_places(options: Namespace, home: str) -> tuple[str, str]:
    """As `store.link_places`, nowhere with --no-links, or where the settings say so and no --links. Raises as `configuration`."""
    from gosteward.toolchains.installed import store

    asked: bool | None = getattr(options, "links", None)
    wanted = settings(options).links if asked is None else asked
    return store.link_places(os.geteuid(), home) if wanted else ("", "")


def changing(command: str) -> Changing:
    """How this process changes this host. Raises StewardError: there is no place for its journal."""
    from gosteward.host.local import LocalHost
    from gosteward.toolchains.installed.changing import Changing
    from gosteward.treatment import accounts_of, this_journal

    host = LocalHost(os.environ)
    journal, me = this_journal(host)
    return Changing(host, me, journal, accounts_of(host, me), command_line(command))


def command_line(command: str) -> str:
    """What was typed, for the journal: passwords in URLs are not kept."""
    from gosteward.golang.proxyurls import masked

    return " ".join((command, *map(masked, sys.argv[2:])))


def seconds(text: str) -> float:
    """A number of seconds above 0, for argparse."""
    value = float(text)
    if not 0 < value < 86400:
        raise ValueError(text)
    return value


def request(options: Namespace) -> Request:
    """What the flags of `add_host` ask for.

    Raises:
        UsageError: a flag says what a recorded snapshot can no longer follow.
    """
    from gosteward.examination import Request

    for flag, (reason, hint) in RECORDED.items() if options.snapshot else ():
        if getattr(options, flag[2:]):
            raise UsageError(f"{flag} cannot be used with --snapshot", subject=reason, hint=hint)
    return Request(
        root=options.root,
        recording=options.snapshot,
        user=options.user,
        project=options.project,
        contexts=tuple(options.context),
        offline=options.offline,
        deadline=options.deadline,
    )


def catalog(language: str) -> Catalog:
    """Messages in the language asked for, or in that of the locale."""
    return catalog_for(language or language_of(dict(os.environ)))


def language_of(environ: dict[str, str]) -> str:
    """The first of LC_ALL, LC_MESSAGES and LANG that is set decides (locale(7)); English for all that we do not speak."""
    value = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return "zh" if value.lower().startswith("zh") else "en"


def colourful(output: str) -> bool:
    """Whether standard output is a terminal that wants colours (https://no-color.org)."""
    return not output and sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def silence_output() -> None:
    """Let standard output lead to nowhere: the interpreter must not complain when it flushes at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def write(text: str, output: str, mode: int = 0o644) -> None:
    """Write text to a file beside its final name and rename it, or to standard output.

    Args:
        mode: permission bits of a new file, before the umask; one that is replaced keeps its own.

    Raises:
        StewardError: it cannot be written; nothing is left of the file.
    """
    data = text.encode("utf-8", "backslashreplace")
    if not output:
        _print(data)
        return
    if os.path.isdir(output):
        raise UsageError("is a directory", subject=output, hint="-o takes the name of a file")
    # Devices and pipes (/dev/stderr, >(...)) are written to, not replaced.
    if os.path.exists(output) and not os.path.isfile(output):
        _refuse_planted(output)
        try:
            with open(output, "wb") as stream:
                stream.write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _unwritable(output, error) from None
        return
    _replace(output, data, mode)


def _print(data: bytes) -> None:
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence_output()
        raise _unwritable("standard output", error) from None


def _unwritable(output: str, error: OSError) -> StewardError:
    failure = StewardError("cannot write", subject=f"{output}: {error.strerror}")
    failure.exit_code = 73  # EX_CANTCREAT
    return failure


def _refuse_planted(output: str) -> None:
    """A link, pipe or device that somebody else put into a directory like /tmp is not written to."""
    above = os.stat(os.path.dirname(output) or ".")
    owner = os.lstat(output).st_uid
    if above.st_mode & stat.S_ISVTX and above.st_mode & stat.S_IWOTH and owner not in (above.st_uid, os.geteuid()):
        raise _unwritable(output, PermissionError(errno.EPERM, "somebody else put this link or device here"))


def _replace(output: str, data: bytes, mode: int) -> None:
    beside = f"{output}.{os.getpid()}.new"
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                if os.path.isfile(output) and not os.path.islink(output):
                    os.fchmod(descriptor, os.stat(output).st_mode & 0o777)
                file.write(data)
            os.replace(beside, output)
        except BaseException:
            os.unlink(beside)
            raise
    except OSError as error:
        raise _unwritable(output, error) from None
