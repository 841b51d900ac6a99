"""What is said to a server that wants to know who asks it, by what a route of the policy has for it. Blocking; from any thread.

Files are read again when they change. A helper is a command that answers as those of GOAUTH do (see `golang.goauth`): it is asked once, and
again with the URL where it said nothing about it, or where what it said is not accepted any more; what it said is kept for as long as it is.

What is secret is in what `lines` returns, and in nothing else: errors do not tell it.
"""

from __future__ import annotations

import base64
import binascii
import os
import threading
import time
from typing import TYPE_CHECKING

from gosteward.connections import basic
from gosteward.errors import StewardError
from gosteward.formats import netrc
from gosteward.golang import goauth
from gosteward.host import secret_files
from gosteward.host.checking import owned_alone, said_by
from gosteward.toolchains.origins.web import PASSWORD_WANTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gosteward.fetch import Answer
    from gosteward.modules.upstreams import Secret

HELPER_SECONDS = 30.0
PAUSE = 10.0  # seconds between two runs of a helper, so that many who are refused do not start many
OUTPUT_LIMIT = 1 << 18
_SHORTEST = 4  # characters of a secret that is looked for in somebody else's text

Lines = tuple[str, ...]


class SecretError(StewardError):
    """What a server is to be told cannot be found out."""

    exit_code = 75


class RouteSecrets:
    """What files and helpers say.

    Args:
        environ: of helpers.   pause: see PAUSE.
    """

    def __init__(self, environ: Mapping[str, str], pause: float = PAUSE) -> None:
        self._environ, self._pause = dict(environ), pause
        self._files: dict[Secret, tuple[tuple[secret_files.Seen, ...], bytes]] = {}
        self._helpers: dict[Secret, _Helper] = {}
        self._lock = threading.Lock()

    def lines(self, secret: Secret, url: str) -> Lines:
        """Header lines for a URL.

        Raises:
            SecretError: there are none. Some servers say "not found" to who is unknown, so that they are not asked without.
        """
        place = goauth.place_of(url)
        if secret.kind == "helper":
            found = self._helper(secret).lines(place, url)
        else:
            found = _in_file(secret, place, self._content(secret))
        if not found:
            raise SecretError("it has nothing for that server", subject=secret.words[0])
        return found

    def others(self, secret: Secret, url: str, refused: Lines, answer: Answer) -> Lines:
        """Other lines than those that were just refused; () where there are none. Raises SecretError.  answer: that refuses them."""
        if secret.kind == "helper":
            found = self._helper(secret).renewed(goauth.place_of(url), url, refused, answer)
        else:
            found = self.lines(secret, url)
        return found if found != refused else ()

    def _content(self, secret: Secret) -> str:
        """Of a file, read again when it has changed."""
        path = secret.words[0]
        state = secret_files.seen((path,))
        known = self._files.get(secret)
        if known is None or known[0] != state:
            try:
                known = self._files[secret] = (state, secret_files.content(path, secret=True))
            except StewardError as error:
                raise SecretError(error.what, subject=path, hint=error.hint) from error
        return known[1].decode("utf-8", "surrogateescape")

    def _helper(self, secret: Secret) -> _Helper:
        with self._lock:
            return self._helpers.setdefault(secret, _Helper(secret.words, self._environ, self._pause))


class _Helper:
    """A command, and what it said. One at a time is run; who needs its answer waits for it."""

    def __init__(self, words: tuple[str, ...], environ: dict[str, str], pause: float) -> None:
        self._words, self._environ, self._pause = words, environ, pause
        self._lock = threading.Lock()
        self._known: dict[str, Lines] = {}
        self._began, self._next = False, 0.0
        self._failure = ""

    def lines(self, place: str, url: str) -> Lines:
        with self._lock:
            if not self._began and self._may_run():
                self._run()
            found = goauth.headers_for(place, self._known)
            if not found and self._may_run():
                self._run(url)
                self._next = time.monotonic() + self._pause
                found = goauth.headers_for(place, self._known)
            return self._told(found)

    def renewed(self, place: str, url: str, refused: Lines, answer: Answer) -> Lines:
        with self._lock:
            found = goauth.headers_for(place, self._known)
            if found == refused and self._may_run():
                self._run(url, answer)
                self._next = time.monotonic() + self._pause
                found = goauth.headers_for(place, self._known)
            return self._told(found)

    def _may_run(self) -> bool:
        return time.monotonic() >= self._next

    def _told(self, found: Lines) -> Lines:
        if self._failure and not found:
            raise SecretError(self._failure, subject=self._words[0])
        return found

    def _run(self, url: str = "", answer: Answer | None = None) -> None:
        try:
            said = goauth.credentials(_output(self._words, self._environ, url, answer))
        except (SecretError, ValueError, OSError) as error:
            self._failure = getattr(error, "strerror", None) or str(error)
            self._next = time.monotonic() + self._pause
            return
        self._began, self._failure = True, ""
        self._known = {place: lines for place, lines in {**self._known, **said}.items() if lines}


def _in_file(secret: Secret, place: str, text: str) -> Lines:
    if secret.kind == "header_file":
        try:
            return goauth.header_file(text)
        except ValueError as error:
            raise SecretError(str(error), subject=secret.words[0]) from error
    found = netrc.entry_for(place, netrc.entries(text))
    if found is None:
        return ()
    return (f"Authorization: {basic(f'{found.login}:{found.password}'.encode('utf-8', 'surrogateescape'))}",)


def _output(words: tuple[str, ...], environ: dict[str, str], url: str, answer: Answer | None) -> str:
    program = os.path.realpath(words[0])
    if not owned_alone(program, (0, os.geteuid())):
        raise SecretError("others than root and this user may replace it")
    given = "" if answer is None else _response(answer)
    argv = (words[0], *words[1:], *((url,) if url else ()))
    said = said_by(program, argv, environ, given.encode("latin-1", "replace"), HELPER_SECONDS, OUTPUT_LIMIT)
    if len(said.output) > OUTPUT_LIMIT:
        raise SecretError(f"it wrote more than {OUTPUT_LIMIT} bytes")
    if said.status:
        ended = (
            f"it ended with {said.status}" if said.status > 0 else f"it was killed within {HELPER_SECONDS:.0f} seconds"
        )
        raise SecretError(ended)
    return said.output.decode("utf-8", "replace")


def _response(answer: Answer) -> str:
    """The head of an answer, as go hands it to such a command. Source: cmd/go/internal/auth/userauth.go (`writeResponseToStdin`)."""
    headers = "".join(f"{name.title()}: {value}\n" for name, value in answer.headers.items())
    return f"HTTP/1.1 {answer.status}\n{headers}\n"


def advice_for(secret: Secret | None, status: int) -> str:
    """What to do about a server that refuses something; "" where nobody can say."""
    if secret is None:
        missing = "whoever runs this proxy has to give it a password for that server, by a netrc file or by a route of its policy"
        return missing if status == PASSWORD_WANTED else ""
    if status == PASSWORD_WANTED:
        return f"whoever runs this proxy has to renew what the {secret.kind} of its route has for that server"
    return f"what the {secret.kind} of its route has may not suffice; whoever runs this proxy can find out"


def without(text: str, lines: Sequence[str]) -> str:
    """Somebody else's text, in which none of these secrets is left."""
    for word in sorted({word for line in lines for word in _words_of(line)}, key=len, reverse=True):
        text = text.replace(word, "xxxxx")
    return text


def _words_of(line: str) -> list[str]:
    """What is secret in a header line: its value, what is behind the name of a scheme, a login, and the password in it."""
    value = line.partition(": ")[2]
    scheme, _, token = value.partition(" ")
    found = [value, token]
    if scheme.lower() == "basic":
        try:
            login = base64.b64decode(token, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            login = ""
        found += [login, login.partition(":")[2]]
    return [word for word in found if len(word) >= _SHORTEST]
