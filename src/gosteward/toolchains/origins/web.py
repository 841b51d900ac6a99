"""Asking servers for toolchains: with the proxies and the certificates of this process, small answers whole, archives into a file of ours."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward import fetch
from gosteward.errors import StewardError
from gosteward.golang.proxyurls import masked, parse
from gosteward.probes import trust
from gosteward.reasoning.http_proxies import HttpProxies, proxy_for
from gosteward.toolchains.origins import settings
from gosteward.toolchains.origins.credentials import Credentials, credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gosteward.fetch import Answer, Verifier
    from gosteward.finding import Text
    from gosteward.golang.proxyurls import Url
    from gosteward.host.local import LocalHost
    from gosteward.host.own_directory import Growing, OwnDirectory
    from gosteward.snapshot import User

    Progress = Callable[[int, int], None]

ANSWER_SECONDS = 20.0
PATIENCE = 30.0
DOWNLOAD_SECONDS = 4 * 3600.0
ANSWER_LIMIT = 8 << 20
ATTEMPTS = 4
ASKERS = 3  # at once: a new connection costs more than to wait for one that is there
PARTIAL = ".partial"
# To ask once more does not help.
FINAL = ("parse", "resolve", "tls")
PASSWORD_WANTED = 401
_STEP = 1 << 20


class UnreachableError(StewardError):
    """A server does not answer, or answers something else than what was asked for."""

    exit_code = 75


class Downloaded(NamedTuple):
    """A file of ours.  name: in its directory.   size: bytes.   sha256: in hexadecimal."""

    name: str
    size: int
    sha256: str


class Web:
    """The network as this process may use it. Connections are kept: a proof asks one server for a dozen small things.

    Args:
        user: who this process is.   offline: nothing is asked; every question raises UnreachableError.   via: as of `fetch.Request`.
    """

    def __init__(self, host: LocalHost, user: User, *, offline: bool = False, via: str = "") -> None:
        self.host = host
        self.user = user
        self.offline = offline
        self.via = via
        self._trust: Verifier | None = None
        self._credentials: Credentials | None = None
        self._pool = fetch.Pool()
        environ = host.environ
        http, https, none = (
            environ.get(name.upper()) or environ.get(name, "") for name in ("http_proxy", "https_proxy", "no_proxy")
        )
        self.proxies = HttpProxies(http, https, none)

    def ask(self, url: str, limit: int = ANSWER_LIMIT) -> Answer:
        """A small answer of any status but 401. Raises UnreachableError."""
        parsed = self._parsed(url)
        request = self._request(parsed, ANSWER_SECONDS)._replace(limit=limit)
        try:
            answer = fetch.fetch(parsed, request)
        except fetch.FetchError as error:
            raise _unreachable(parsed, error) from error
        if answer.status == PASSWORD_WANTED:
            raise self._refused(parsed)
        return answer

    def close(self) -> None:
        """End the connections that nobody uses at the moment."""
        self._pool.close()

    @contextlib.contextmanager
    def opened(self, url: str, seconds: float, secret: Sequence[str] | None = None) -> Iterator[fetch.Opened]:
        """An answer of any status, whose body is read as it comes.

        Args:
            secret: header lines in place of what this process would say to such a server; None for that.
        Raises:
            UnreachableError: it is no URL to ask, or no secret may be sent there.   FetchError.
        """
        parsed = self._parsed(url)
        request = self._request(parsed, seconds)
        if secret is not None:
            if parsed.scheme != "https":
                raise UnreachableError(
                    "no password is sent over plain http", subject=parsed.shown, hint="write https://"
                )
            request = request._replace(login=lambda _: b"", secret=tuple(secret))
        with fetch.opened(parsed, request) as answer:
            yield answer

    def ask_all(self, urls: Sequence[str], limit: int = ANSWER_LIMIT) -> tuple[Answer | UnreachableError, ...]:
        """Several answers, in order, some of them at once."""
        if urls:
            self._request(self._parsed(urls[0]), ANSWER_SECONDS)  # certificates are read before threads start

        found: list[Answer | UnreachableError] = [UnreachableError("no answer in time")] * len(urls)
        left = list(enumerate(urls))[::-1]

        def work() -> None:
            while left:
                try:
                    number, url = left.pop()
                except IndexError:  # another one was faster
                    return
                try:
                    found[number] = self.ask(url, limit)
                except UnreachableError as error:
                    found[number] = error

        until = time.monotonic() + ANSWER_SECONDS + 1
        threads = [threading.Thread(target=work, daemon=True) for _ in urls[:ASKERS]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        left.clear()
        return tuple(found)

    def download(
        self, url: str, into: OwnDirectory, name: str, *, limit: int, progress: Progress = lambda *_: None
    ) -> Downloaded:
        """Fetch a file; one that was cut off before goes on where it ended, one that is there is not fetched again.

        Two downloads of one name at once: one waits, and finds it. What is not whole yet has another name (PARTIAL).

        Args:
            limit: bytes; a longer file is refused.   progress: called with bytes that are there and bytes in all (-1: not known).

        Raises:
            UnreachableError: the server does not give it.   OSError: the file cannot be written.
        """
        parsed = self._parsed(url)
        found = _there(into, name)
        if found is not None:
            return found
        with into.growing(name + PARTIAL) as file:
            found = _there(into, name)  # by whom we waited for
            if found is None:
                self._fetch(parsed, file, limit, progress)
                found = Downloaded(name, file.size, digest_of(file.descriptor))
                into.rename(name + PARTIAL, name)
            return found

    def _fetch(self, url: Url, file: Growing, limit: int, progress: Progress) -> None:
        attempt = 1
        failure = self._downloaded(url, file, limit, progress)
        while failure is not None:
            if failure.status == PASSWORD_WANTED:
                raise self._refused(url) from failure
            if attempt == ATTEMPTS or failure.step in FINAL or failure.reason == "status":
                raise _unreachable(url, failure) from failure
            time.sleep(0.2 * 2**attempt)
            attempt += 1
            failure = self._downloaded(url, file, limit, progress)
        file.sync()

    def _downloaded(self, url: Url, file: Growing, limit: int, progress: Progress) -> fetch.FetchError | None:
        """Let a file hold all that a URL gives; what is there already is its beginning. Returns what went wrong."""
        try:
            with fetch.opened(url, self._request(url, DOWNLOAD_SECONDS)._replace(start=file.size)) as answer:
                _append(answer, file, limit, progress)
        except fetch.FetchError as error:
            return error
        return None

    def _parsed(self, url: str) -> Url:
        parsed = parse(url)
        if parsed is None or parsed.scheme not in ("http", "https") or not parsed.host:
            raise UnreachableError("this is no http URL", subject=masked(url)[:200])
        if self.offline:
            raise UnreachableError("nothing may be asked (--offline)", subject=parsed.shown)
        if parsed.user and parsed.scheme != "https":  # also on this host itself, as in go
            raise UnreachableError("no password is sent over plain http", subject=parsed.shown, hint="write https://")
        return parsed

    def _request(self, url: Url, seconds: float) -> fetch.Request:
        if url.scheme == "https" and self._trust is None:
            try:
                from gosteward import tls
            except ImportError as error:
                raise UnreachableError("this Python has no TLS (module ssl)", subject=url.shown) from error
            environ = self.host.environ
            named = trust.TrustSettings(environ.get("SSL_CERT_FILE", ""), environ.get("SSL_CERT_DIR", ""))
            self._trust = tls.verifying(trust.read(self.host, self.user, named).pem)
            self._credentials = credentials(self.host, self.user, settings.go_auth(self.host, self.user))
        return fetch.Request(
            deadline=time.monotonic() + seconds,
            route=lambda asked: proxy_for(self.proxies, asked),
            trust=self._trust,
            patience=PATIENCE,
            pool=self._pool,
            login=(self._credentials or Credentials()).login,
            via=self.via,
        )

    def notes(self) -> tuple[Text, ...]:
        """What somebody has set up for servers that want a password, and what does not count; () as long as no such server can have been asked."""
        return self._credentials.notes() if self._credentials is not None else ()

    def _refused(self, url: Url) -> UnreachableError:
        """A server that answers 401."""
        known = self._credentials or Credentials()
        if url.scheme != "https":
            return UnreachableError("it wants a password (401), which is not sent over plain http", subject=url.shown)
        if known.login(url):
            return UnreachableError("it does not accept the password (401)", subject=url.shown)
        place = f"{url.host}:{url.port}" if url.port else url.host
        none = (
            f"{known.path} has none for {place}"
            if known.state in ("read", "missing") and known.path
            else "none is known"
        )
        return UnreachableError(
            f"it wants a password (401), and {none}", subject=url.shown, hint="; ".join(map(str, self.notes()))
        )


def _unreachable(url: Url, error: fetch.FetchError) -> UnreachableError:
    what = {"resolve": "the name is not known", "connect": "no connection", "tls": "the certificate is not accepted"}
    detail = error.detail or error.reason
    text = f"{what.get(error.step, 'no usable answer')} ({detail})" if detail else what.get(error.step, "no answer")
    return UnreachableError(text, subject=url.shown, hint="`gosteward doctor` says what keeps it from answering")


def _append(answer: fetch.Opened, file: Growing, limit: int, progress: Progress) -> None:
    status, headers = answer.head.status, answer.head.headers
    if status == 416 and headers.get("content-range", "").endswith(f"/{file.size}"):
        return  # all of it is there
    if status == 416:
        file.restart()
        raise fetch.FetchError("http", "", "the server has another file by now", status=status)
    if status not in (200, 206) or (status == 206 and not _goes_on(headers, file.size)):
        raise fetch.FetchError("http", "status", f"the server answers {status}", status=status)
    if status == 200:
        file.restart()
    whole = file.size + answer.length if answer.length >= 0 else -1
    if whole > limit:
        raise fetch.FetchError("http", "status", f"{whole} bytes, which is more than {limit}", status=status)
    for piece in answer.pieces:
        if file.size + len(piece) > limit:
            raise fetch.FetchError("http", "status", f"more than {limit} bytes", status=status)
        file.append(piece)
        progress(file.size, whole)


def _goes_on(headers: dict[str, str], there: int) -> bool:
    return headers.get("content-range", "").startswith(f"bytes {there}-")


def _there(into: OwnDirectory, name: str) -> Downloaded | None:
    try:
        descriptor = into.opened(name)
    except FileNotFoundError:
        return None
    try:
        return Downloaded(name, os.fstat(descriptor).st_size, digest_of(descriptor))
    finally:
        os.close(descriptor)


def digest_of(descriptor: int) -> str:
    """SHA-256 of a whole file, in hexadecimal."""
    total, place = sha256(), 0
    while piece := os.pread(descriptor, _STEP, place):
        total.update(piece)
        place += len(piece)
    return total.hexdigest()
