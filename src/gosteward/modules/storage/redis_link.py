"""The one door to a Redis. Blocking, from any thread; it is never long that somebody waits for one that does not answer.

After a failure nobody asks for PAUSE seconds; then one asks, and if that fails, too, nobody for as long again: see `outages`.

Keys are PREFIX:KIND:PATH. Whoever else can write to that Redis can put anything there: what comes is only bytes, and not too many.
Source: redis.io/docs: SET (NX, PX), GETRANGE, EVAL, "Distributed Locks with Redis"; redis-py.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from gosteward.errors import StewardError, UsageError
from gosteward.modules.outages import Outage, Told

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import ConnectionPool, Redis

    from gosteward.modules.storage.redis_place import RedisPlace
    from gosteward.modules.tally import Tally

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 2.0  # of silence
PAUSE = 5.0  # seconds
_T = TypeVar("_T")

# A lock that no proxy of ours can have made, as it ends too late or never, is nobody's.
_TAKE = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
local left = redis.call('PTTL', KEYS[1])
if left >= 0 and left <= tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_EXTEND = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class SharedMetadata(NamedTuple):
    """What the user asks for.  password: called for each connection, "" for none.   authorities: path of a PEM file, "" for the system's."""

    place: RedisPlace
    password: Callable[[], str]
    authorities: str = ""


class RedisGoneError(Exception):
    """Redis does not answer, or not as it should; or it did not a moment ago."""


class RedisLink:
    """A Redis.

    Args:
        tally: is told how it does.
    Raises:
        UsageError: redis-py is not installed.
    """

    def __init__(self, wanted: SharedMetadata, tally: Tally) -> None:
        try:
            from redis import Redis  # here, as most proxies have none
            from redis.exceptions import RedisError, ResponseError
        except ImportError as error:
            hint = "pip install 'gosteward[redis]'"
            what = "shared metadata needs a module that is not installed"
            raise UsageError(what, subject=str(error.name), hint=hint) from error
        self.shown, self.tally = wanted.place.shown, tally
        self._prefix = wanted.place.prefix
        self._redis: Redis = Redis(connection_pool=_pool(wanted))
        # A password's file that cannot be read, and a number of the protocol that is none, are failures, too.
        self._failures = (RedisError, OSError, StewardError, ValueError)
        self._of_commands = ResponseError
        told = Told(lambda: tally.looked_up("failed"), self._is_gone, self._is_back)
        self._outage = Outage(told, PAUSE, PAUSE)
        tally.metadata_answers(answers=True)

    def look(self) -> None:
        """Let whoever started this learn now that it does not work."""
        with contextlib.suppress(RedisGoneError):
            self.get("nothing", 1)

    def get(self, key: str, most: int) -> bytes:
        """The value of a key; b"" where there is none, or one that is longer than `most` bytes. Raises RedisGoneError."""
        found = self._asked(lambda: self._text(key, most))
        return found if len(found) <= most else b""

    def put(self, key: str, value: bytes, seconds: float) -> None:
        """Let a key have a value, for some time. Raises RedisGoneError."""
        self._asked(lambda: self._redis.set(self._named(key), value, px=int(seconds * 1_000)))

    def take(self, key: str, token: str, seconds: float) -> bool:
        """Take a lock, which ends by itself.  token: nobody else's. Returns False if somebody has it. Raises RedisGoneError."""
        return self._by_script(_TAKE, key, token, int(seconds * 1_000))

    def extend(self, key: str, token: str, seconds: float) -> bool:
        """Let a lock last. Returns False if it is no longer this one. Raises RedisGoneError."""
        return self._by_script(_EXTEND, key, token, int(seconds * 1_000))

    def release(self, key: str, token: str) -> bool:
        """Give a lock back. Returns False if it was no longer this one. Raises RedisGoneError."""
        return self._by_script(_RELEASE, key, token)

    def close(self) -> None:
        """End the connections that nobody uses at the moment."""
        self._redis.connection_pool.disconnect(inuse_connections=False)

    def _named(self, key: str) -> str:
        return f"{self._prefix}:{key}"

    def _by_script(self, script: str, key: str, *arguments: str | int) -> bool:
        found = self._asked(lambda: self._redis.eval(script, 1, self._named(key), *arguments))
        return bool(found == 1)

    def _text(self, key: str, most: int) -> bytes:
        """At most one byte more than is wanted, however long the value is."""
        try:
            found = self._redis.getrange(self._named(key), 0, most)
        except self._of_commands as error:
            if str(error).startswith("WRONGTYPE"):  # not Redis's fault, and not ours
                return b""
            raise
        return found if isinstance(found, bytes) else b""

    def _asked(self, question: Callable[[], _T]) -> _T:
        asked_at = self._outage.clock()
        if not self._outage.asks():
            raise RedisGoneError(self.shown)
        try:
            found = question()
        except self._failures as error:
            self._outage.failed(str(error) or type(error).__name__)
            raise RedisGoneError(self.shown) from error
        self._outage.answered(asked_at)
        return found

    def _is_gone(self, reason: str) -> None:
        self.tally.metadata_answers(answers=False)
        self.tally.trouble("metadata", f"{self.shown} is not used for now: {reason}")

    def _is_back(self) -> None:
        self.tally.metadata_answers(answers=True)
        self.tally.trouble("metadata", f"{self.shown} answers again")


def _pool(wanted: SharedMetadata) -> ConnectionPool:
    from redis import Connection, ConnectionPool, SSLConnection, UnixDomainSocketConnection
    from redis.backoff import NoBackoff
    from redis.credentials import CredentialProvider
    from redis.retry import Retry

    place = wanted.place

    class Login(CredentialProvider):
        """The password as it is now, for each new connection."""

        def get_credentials(self) -> tuple[str] | tuple[str, str]:
            password = wanted.password()
            return (place.user, password) if place.user else (password,)

    kind: type[Connection | UnixDomainSocketConnection] = SSLConnection if place.tls else Connection
    settings: dict[str, Any] = {"host": place.host, "port": place.port, "socket_keepalive": True}
    if place.path:
        kind, settings = UnixDomainSocketConnection, {"path": place.path}
    if place.tls:
        settings["ssl_check_hostname"] = True
        settings["ssl_ca_certs"] = wanted.authorities or None
    if place.user or wanted.password():
        settings["credential_provider"] = Login()
    return ConnectionPool(
        connection_class=kind, db=place.database, protocol=2, retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=CONNECT_SECONDS, socket_timeout=ANSWER_SECONDS, **settings,
    )  # fmt: skip
