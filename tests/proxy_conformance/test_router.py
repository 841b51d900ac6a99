from __future__ import annotations

import http.server
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from proxy_conformance.router import Router, asked, routing

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize("rest", ["404/a/@v/list", "invalid/a/@latest", "redirect/11/a/@v/list", "sumdb-wrong/lookup/a@v1.0.0", "sumdb-503/a/@v/list"])  # fmt: skip
def test_what_the_test_proxy_makes_up_goes_to_it(rest: str) -> None:
    router = Router("http://up/mod", "http://tested/base/", database=True)
    assert router.target_of(f"/mod/{rest}") == f"http://up/mod/{rest}"


@pytest.mark.parametrize(
    "rest", ["example.com/404/@v/list", "rsc.io/%21q/@v/v1.0.0.info", "invalid.example/@latest", "404"]
)
def test_modules_go_to_the_proxy_under_test_with_their_path_as_it_came(rest: str) -> None:
    router = Router("http://up/mod", "http://tested/base/", database=False)
    assert router.target_of(f"/mod/{rest}") == f"http://tested/base/{rest}"


def test_the_database_is_asked_for_where_it_was_decided() -> None:
    here, there = (Router("http://up/mod", "http://tested", database=choice) for choice in (True, False))
    assert here.target_of("/mod/sumdb/x/latest") == "http://tested/sumdb/x/latest"
    assert there.target_of("/mod/sumdb/x/latest") == "http://up/mod/sumdb/x/latest"


@contextmanager
def saying(status_line: str, body: bytes) -> Iterator[str]:
    """A server that says one thing, whatever it is asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(f"HTTP/1.1 {status_line}\r\nContent-Length: 4\r\n\r\n".encode() + body)

        def log_message(self, *_: object) -> None: ...

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_status_reason_and_body_come_through_as_they_were_said() -> None:
    with saying("410 No Longer Here", b"gone") as url, routing(Router("http://up", url, database=False)) as router:
        answer = asked("GET", f"{router.url}/a/@v/list", {})
    assert (answer.status, answer.reason, answer.body) == (410, "No Longer Here", b"gone")
    assert router.asked == ["/mod/a/@v/list"]


def test_an_answer_that_breaks_off_is_a_bad_gateway() -> None:
    with saying("200 OK", b"cu") as url, routing(Router("http://up", url, database=False)) as router:
        answer = asked("GET", f"{router.url}/a/@v/v1.0.0.zip", {})
    assert answer.status == 502
    assert b"IncompleteRead" in answer.body
