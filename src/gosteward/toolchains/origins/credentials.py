"""What this process says to a server that wants a password: what go would say for the user whose process it is.

    user and password in a URL          before
    $NETRC or ~/.netrc                   unless GOAUTH says otherwise

Only over TLS, only to the host and port that were meant. Methods of GOAUTH that start a program are not followed: what root runs, no variable
decides, and who is not root has the netrc file. Root's own netrc file is the one in root's home; of another user's nothing is read, also where
NETRC or HOME of somebody who called sudo name it.

Source: cmd/go/internal/auth (`AddCredentials`), cmd/go/internal/web/http.go (`get`).
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from gosteward.connections import login_in
from gosteward.finding import Text
from gosteward.formats import netrc
from gosteward.golang import goauth
from gosteward.host.descriptors import read_all
from gosteward.toolchains.origins.trusted_files import is_trusted

if TYPE_CHECKING:
    from gosteward.golang.proxyurls import Url
    from gosteward.host.local import LocalHost
    from gosteward.snapshot import User

LIMIT = 1 << 20


class Credentials(NamedTuple):
    """What is known of passwords.

    Attributes:
        entries: of the netrc file.   path: of it.   state: "read", "missing", "unreadable", "of others" (it is not used), "off" (GOAUTH wants none).
        exposed: everybody may read it.   programs: that GOAUTH names and that are not started.
    """

    entries: tuple[netrc.Entry, ...] = ()
    path: str = ""
    state: str = "missing"
    exposed: bool = False
    programs: tuple[str, ...] = ()

    def login(self, url: Url) -> bytes:
        """The "name:password" for a URL, b"" if none is known. What the URL itself has comes first, and also where it is only a name, as in go."""
        if url.user:
            return login_in(url)
        port = f":{url.port}" if url.port else ""
        found = netrc.entry_for(f"{url.host}{port}{url.path}", self.entries)
        return f"{found.login}:{found.password}".encode("utf-8", "surrogateescape") if found is not None else b""

    def notes(self) -> tuple[Text, ...]:
        """What somebody has set up, and what does not count here."""
        found = []
        if self.programs:
            programs = ", ".join(self.programs)
            found.append(Text("GOAUTH names {programs}, which gosteward does not start", programs=programs))
        if self.state == "of others":
            found.append(Text("{path} is not used: others may write to it, or it is somebody else's", path=self.path))
        if self.state == "unreadable":
            found.append(Text("{path} is not used: it cannot be read", path=self.path))
        if self.exposed:
            found.append(Text("{path} can be read by everybody: `chmod 600` it", path=self.path))
        return tuple(found)


def credentials(host: LocalHost, user: User, value: str) -> Credentials:
    """Read the netrc file, if it is to be asked.

    Args:
        user: who this process is.   value: of GOAUTH, "" for the default.
    """
    methods = goauth.methods(value)
    path = host.environ.get("NETRC") or (f"{user.home.rstrip('/')}/.netrc" if user.home else "")
    if not methods.netrc or not path.startswith("/"):
        return Credentials((), path, "off" if not methods.netrc else "missing", programs=methods.programs)
    return _of_file(host, path)._replace(programs=methods.programs)


def _of_file(host: LocalHost, path: str) -> Credentials:
    try:
        descriptor = host.descriptor(path)
    except (FileNotFoundError, NotADirectoryError):
        return Credentials((), path)
    except OSError:
        return Credentials((), path, "unreadable")
    try:
        own = os.geteuid()
        if not is_trusted(host, path, descriptor, (0, own) if own else (0,)):
            return Credentials((), path, "of others")
        status = os.fstat(descriptor)
        text = read_all(descriptor, status.st_size, LIMIT).decode("utf-8", "surrogateescape")
    except OSError:
        return Credentials((), path, "unreadable")
    finally:
        os.close(descriptor)
    return Credentials(netrc.entries(text), path, "read", bool(status.st_mode & stat.S_IROTH))
