"""Objects in a bucket of S3, or of what speaks its protocol, through obstore (Rust's object_store).

Timeouts are short, and little is tried again: a request that waits here could be answered by an upstream.
Source: docs.aws.amazon.com, "How to prevent object overwrites with conditional writes" (If-None-Match), "Error responses"; obstore's reference.
"""

from __future__ import annotations

import contextlib
import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import from_url

from gosteward.modules.origins.upstream import FILE_SECONDS, BrokenError, Coming
from gosteward.modules.shared.objects import TYPES, UnusableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gosteward.modules.shared.objects import Content

CONNECT_SECONDS, SILENT_SECONDS = 2, 5
# What is larger comes in parts: a request that creates has to be one, and obstore holds all of it in memory.
WHOLE = 8 << 20
_PARTS_AT_ONCE = 2
_IMMUTABLE = "public, max-age=31536000, immutable"
_BACKOFF = {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2}
_CODE, _MESSAGE = re.compile(r"<Code>(\w{1,60})</Code>"), re.compile(r"<Message>([^<]{1,300})</Message>")
_SERVER = re.compile(r"https?://[^/\s]{1,300}")
_DETAIL = re.compile(
    r'(?:message|error): "([^"\n]{1,200})"|(InvalidCertificate\(\s*\w{1,60})|(kind: Timeout)|(InvalidContentType)'
)
# obstore raises what Python has for it (FileNotFoundError, PermissionError, ValueError), or one of its own.
_FAILURES = (BaseError, OSError, ValueError, NotImplementedError)


class Reached(NamedTuple):
    """How a bucket is reached.  endpoint: URL of the server, "" for the cloud's own.   region: "" for the one of the environment."""

    endpoint: str = ""
    region: str = ""


CLOUD = Reached()


class ObjectsInBucket:
    """Objects below a prefix of a bucket.

    Args:
        url: "s3://BUCKET/PREFIX".   reached: see there. Credentials are those of the environment, or of the machine.
    Raises:
        ValueError: obstore cannot read the URL or the settings.
    """

    def __init__(self, url: str, reached: Reached = CLOUD) -> None:
        self.shown = url
        settings = {"region": reached.region or _region_of(os.environ)}
        if reached.endpoint:
            settings["endpoint"] = reached.endpoint
        client: dict[str, Any] = {
            "connect_timeout": f"{CONNECT_SECONDS}s",
            "read_timeout": f"{SILENT_SECONDS}s",
            "timeout": f"{FILE_SECONDS:.0f}s",
            "allow_http": reached.endpoint.startswith("http://"),
        }
        retries = {"max_retries": 1, "retry_timeout": timedelta(seconds=SILENT_SECONDS), "backoff": _BACKOFF}
        made: Any = from_url  # its types know one kind of URL each
        try:
            self._store = made(url, client_options=client, retry_config=retries, **settings)
        except BaseError as error:
            raise ValueError(_text(error)) from error

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[Coming | None]:
        try:
            answer = obstore.get(self._store, name)
        except FileNotFoundError as error:
            _must_mean_the_object(error)
            yield None
            return
        except _FAILURES as error:
            raise UnusableError(_text(error)) from error
        size = int(answer.meta["size"])
        yield Coming(_pieces(answer, size), size, self.shown)

    def put(self, name: str, content: Content, *, replace: bool) -> bool:
        kept = {"Content-Type": TYPES[content.kind], "Cache-Control": _IMMUTABLE}
        if content.size <= WHOLE:
            body = b"".join(_parts(content))
            return self._put(name, body, kept, mode="overwrite" if replace else "create")
        # The parts of a large object are put together by a request that overwrites. Where two do that at once, both of them had their file
        # proved: the last one stands, with the same contents by its h1.
        if not replace and self._is_there(name):
            return False
        return self._put(
            name, _parts(content), kept, use_multipart=True, chunk_size=WHOLE, max_concurrency=_PARTS_AT_ONCE
        )

    def create(self, name: str, content: bytes) -> bool:
        return self._put(name, content, {"Content-Type": "text/plain"}, mode="create")

    def names(self, directory: str) -> Iterator[str]:
        try:
            for some in obstore.list(self._store, directory):
                yield from (one["path"] for one in some)
        except _FAILURES as error:
            raise UnusableError(_text(error)) from error

    def _is_there(self, name: str) -> bool:
        try:
            obstore.head(self._store, name)
        except FileNotFoundError:
            return False
        except _FAILURES as error:
            raise UnusableError(_text(error)) from error
        return True

    def _put(self, name: str, body: bytes | Iterator[bytes], attributes: Any, **how: Any) -> bool:
        try:
            obstore.put(self._store, name, body, attributes=attributes, **how)
        except AlreadyExistsError:
            return False
        except _FAILURES as error:
            raise UnusableError(_text(error)) from error
        return True


def _region_of(environ: os._Environ[str]) -> str:
    return environ.get("AWS_REGION", "") or environ.get("AWS_DEFAULT_REGION", "") or "us-east-1"


def _parts(content: Content) -> Iterator[bytes]:
    for place in range(0, content.size, 1 << 20):
        piece = os.pread(content.descriptor, min(1 << 20, content.size - place), place)
        if not piece:
            raise OSError("the file became shorter")
        yield piece


def _pieces(answer: obstore.GetResult, size: int) -> Iterator[bytes]:
    got = 0
    try:
        for some in answer.stream(min_chunk_size=1 << 18):
            piece = bytes(some)
            got += len(piece)
            yield piece
    except _FAILURES as error:
        raise BrokenError(_text(error)) from error
    if got != size:
        raise BrokenError(f"{got} of {size} bytes came")


def _must_mean_the_object(error: FileNotFoundError) -> None:
    """404 is said of a bucket, and by some servers of an unknown user, too. Raises UnusableError."""
    code = _CODE.search(str(error))
    if code is not None and code[1] != "NoSuchKey":
        raise UnusableError(_text(error)) from error


def _text(error: BaseException) -> str:
    """What S3 says; else the end of obstore's first line, with what its lines for developers know more about it."""
    text = str(error)
    code, message = _CODE.search(text), _MESSAGE.search(text)
    if code is not None:
        return f"{code[1]}: {message[1].rstrip('.')}" if message is not None else code[1]
    what = " ".join(text.partition("\n")[0].rpartition(" - ")[2].split())[:300]
    detail, server = _DETAIL.search(text), _SERVER.search(text)
    reason = f": {_reason(detail)}" if detail is not None else ""
    return f"{what}{reason} ({server[0]})" if server is not None else f"{what}{reason}"


def _reason(detail: re.Match[str]) -> str:
    text, certificate, late, _ = detail.groups()
    if certificate:
        return f"its certificate is not trusted, {certificate.partition('(')[2].strip()}"
    return text or ("no answer in time" if late else "it does not speak TLS")
