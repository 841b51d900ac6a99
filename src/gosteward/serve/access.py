"""Who may ask: whoever brings a password of an htpasswd file, a token, or a client certificate that TLS has verified.

A header that was right is remembered for some minutes, so that the slow hash of a password is computed seldom: then the question costs a lookup.
A wrong user and a wrong password are told alike, after the same work: a hash is computed for users that do not exist, too. Whoever brings too
many wrong passwords waits with the next one. Tokens are not counted: nobody guesses 256 bits.

Source: RFC 7617 (Basic), RFC 6750 (Bearer); cmd/go/internal/auth: go sends what netrc or GOAUTH has for a host, over https alone.
"""

from __future__ import annotations

import asyncio
import hmac
import importlib.util
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from gosteward.errors import UsageError
from gosteward.formats import htpasswd, token_list
from gosteward.formats.authorization import presented
from gosteward.host import secret_files
from gosteward.serve.connections import plain
from gosteward.serve.networks import network_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gosteward.formats.authorization import Presented
    from gosteward.serve.connections import Asked, Reply, Writer

LONGEST_PASSWORD = 72  # bytes that bcrypt looks at
REMEMBERED_SECONDS = 300.0
MOST_REMEMBERED = 4_096
MOST_WAITING, MOST_OF_ONE = 64, 16  # passwords that are being looked at, or wait for it: of all, of one client
THREADS = 2
_USUAL_COST = 10
_CHALLENGE = 'www-authenticate: Basic realm="Go modules", charset="UTF-8"\r\n'
_HOW = (
    "who are you: this module proxy wants a name and a password.\n"
    "go takes them from $HOME/.netrc, and sends them over https alone:\n"
    "    machine HOST login NAME password PASSWORD-OR-TOKEN\n"
    "HOST is written as in the proxy's URL, with its port if there is one (go before 1.24 wants it without).\n"
)


class Ways(NamedTuple):
    """Ways to be let in; one of them is enough.

    Attributes:
        htpasswd, tokens: paths, "" for none.   certificates: whether a client certificate is one.
    """

    htpasswd: str = ""
    tokens: str = ""
    certificates: bool = False


class Known(NamedTuple):
    """What the files hold.  users: hash by name.   digests: of tokens.   decoy: a hash that no password has, as costly as the users' ones."""

    users: dict[bytes, bytes]
    digests: tuple[bytes, ...]
    decoy: bytes


def read(ways: Ways) -> Known:
    """Read the files. Raises UsageError, PrivilegeError: by path and line."""
    if ways.htpasswd and importlib.util.find_spec("bcrypt") is None:
        what = "passwords need a module that is not installed"
        raise UsageError(what, subject="bcrypt", hint="pip install 'gosteward[serve]'")
    users = htpasswd.parse(secret_files.content(ways.htpasswd, secret=True), ways.htpasswd) if ways.htpasswd else ()
    tokens = token_list.parse(secret_files.content(ways.tokens, secret=True), ways.tokens) if ways.tokens else ()
    costs = Counter(user.cost for user in users)
    cost = costs.most_common(1)[0][0] if costs else _USUAL_COST
    return Known(
        {user.name: user.hashed for user in users},
        tuple(token.digest for token in tokens),
        b"$2b$%02d$" % cost + b"." * 53,
    )


class Attempts:
    """How often each client was wrong lately.

    Args:
        most: wrong ones that a client has in `seconds`.   clock: seconds, that never go back.
    """

    def __init__(self, clock: Callable[[], float], most: int = 10, seconds: float = 60.0) -> None:
        self._clock, self._most, self._seconds = clock, most, seconds
        self._wrong: dict[str, list[float]] = {}

    def wait(self, address: str) -> int:
        """Seconds until it may try again, 0 for now."""
        wrong = self._wrong.get(address, [])
        if len(wrong) < self._most:
            return 0
        left = wrong[-self._most] + self._seconds - self._clock()
        return int(left) + 1 if left > 0 else 0

    def was_wrong(self, address: str) -> None:
        """Count one."""
        wrong = self._wrong.pop(address, [])
        wrong.append(self._clock())
        self._wrong[address] = wrong[-self._most :]
        if len(self._wrong) > MOST_REMEMBERED:
            del self._wrong[next(iter(self._wrong))]


class AccessGate:
    """A gate for `module_server`, for one event loop.

    Args:
        clock: seconds, that never go back.
    Raises:
        UsageError, PrivilegeError: a file cannot be used.
    """

    def __init__(self, ways: Ways, clock: Callable[[], float] = time.monotonic) -> None:
        self._ways, self._clock = ways, clock
        self._paths = tuple(filter(None, (ways.htpasswd, ways.tokens)))
        self._seen = secret_files.seen(self._paths)
        self._known = read(ways)
        self._right: dict[bytes, float] = {}  # header to the time until which it is believed
        self._looking: dict[bytes, asyncio.Task[bool]] = {}
        self._waiting: Counter[str] = Counter()
        self._attempts = Attempts(clock)
        self._threads = ThreadPoolExecutor(THREADS, "password")

    def refusal(self, asked: Asked, again: Callable[[Asked], Reply]) -> Reply | None:
        """The answer for who may not ask; None for who may.  again: answers the request anew, once it is known that it may."""
        until = self._right.get(asked.authorization)
        if until is not None and until > self._clock():
            return None
        if self._ways.certificates and asked.client.certificate:
            return None
        brought = presented(asked.authorization)
        if brought is None:
            return _unknown(asked)
        if self._is_token(brought.token):
            self._remember(asked.authorization)
            return None
        if not self._known.users or not brought.user:
            return _unknown(asked)
        looking = self._looking.get(asked.authorization)
        if looking is None:
            # What was right some minutes ago is looked at again, however often others of that address were wrong since.
            refusal = None if until is not None else self._too_many(asked)
            if refusal is not None:
                return refusal
            self._waiting[network_of(asked.client.address)] += 1
            looking = self._looking[asked.authorization] = asyncio.ensure_future(self._look(asked, brought))
        found = looking
        return lambda to: self._answer(asked, found, again, to)

    def reread(self, *, always: bool = False) -> bool:
        """Read the files again if they have changed; whether that was so. Raises as the constructor: then what was known stays in force."""
        found = secret_files.seen(self._paths)
        if found == self._seen and not always:
            return False
        self._seen = found
        self._known = read(self._ways)
        self._right.clear()
        return True

    def close(self) -> None:
        self._threads.shutdown(wait=False)

    def _is_token(self, token: bytes) -> bool:
        digest = sha256(token).digest()
        # All are compared, and each in constant time.
        return sum(hmac.compare_digest(digest, one) for one in self._known.digests) > 0

    def _remember(self, authorization: bytes) -> None:
        self._right.pop(authorization, None)
        self._right[authorization] = self._clock() + REMEMBERED_SECONDS
        if len(self._right) > MOST_REMEMBERED:
            del self._right[next(iter(self._right))]

    def _too_many(self, asked: Asked) -> bytes | None:
        wait = self._attempts.wait(network_of(asked.client.address))
        if wait:
            text = "too many wrong passwords came from this address; the next one is looked at in a minute\n"
            return _for(asked, plain(429, text, f"retry-after: {wait}\r\n"))
        if len(self._looking) >= MOST_WAITING or self._waiting[network_of(asked.client.address)] >= MOST_OF_ONE:
            return _for(asked, plain(503, "too many passwords are being looked at\n", "retry-after: 2\r\n"))
        return None

    async def _look(self, asked: Asked, brought: Presented) -> bool:
        """Look at a password in a thread, once for all who bring it at the same time, as go does with the requests that it begins with."""
        client = network_of(asked.client.address)
        try:
            while True:
                known = self._known
                is_right = await asyncio.get_running_loop().run_in_executor(self._threads, _is_password, known, brought)
                if known is self._known:  # else the file has changed meanwhile
                    break
        finally:
            del self._looking[asked.authorization]
            self._waiting[client] -= 1
            if not self._waiting[client]:
                del self._waiting[client]
        if is_right:
            self._remember(asked.authorization)
        else:
            self._right.pop(asked.authorization, None)
            self._attempts.was_wrong(client)
        return is_right

    async def _answer(
        self, asked: Asked, looking: asyncio.Task[bool], again: Callable[[Asked], Reply], to: Writer
    ) -> None:
        # Whoever leaves meanwhile does not end it for the others.
        reply = again(asked) if await asyncio.shield(looking) else _unknown(asked)
        if isinstance(reply, bytes):
            to.write(reply)
        else:
            await reply(to)


def _is_password(known: Known, brought: Presented) -> bool:
    """Slow by design, and as slow for a user that does not exist."""
    hashed = known.users.get(brought.user)
    import bcrypt

    is_right = bcrypt.checkpw(brought.password[:LONGEST_PASSWORD], hashed or known.decoy)
    return is_right and hashed is not None


def _unknown(asked: Asked) -> bytes:
    return _for(asked, plain(401, _HOW, _CHALLENGE))


def _for(asked: Asked, answer: bytes) -> bytes:
    return answer if asked.method != b"HEAD" else answer[: answer.index(b"\r\n\r\n") + 4]
