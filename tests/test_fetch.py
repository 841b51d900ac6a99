"""The network client against servers on the loopback: every way in which a server can fail to answer has its own reason."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from gosteward import fetch
from gosteward.golang.proxyurls import parse
from growth import grows_linearly


@contextmanager
def serving(answers):
    """A server that sends `answers[path]` (raw bytes) and remembers what it was asked."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, dict(self.headers)))
            self.wfile.write(answers.get(self.path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
            self.close_connection = True

        do_CONNECT = do_GET  # noqa: N815 (http.server finds it by that name)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()


def get(url: str, seconds: float = 2.0, **kw) -> fetch.Answer:
    return fetch.fetch(parse(url), fetch.Request(deadline=time.monotonic() + seconds, **kw))


def reason(url: str, seconds: float = 2.0, **kw) -> tuple[str, str]:
    with pytest.raises(fetch.FetchError) as caught:
        get(url, seconds, **kw)
    return caught.value.step, caught.value.reason


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def test_a_body_is_read_by_length_by_chunks_and_to_the_end() -> None:
    answers = {
        "/length": OK + b"Content-Length: 5\r\n\r\nhello",
        "/chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n",
        "/end": OK + b"\r\nhello",
    }
    with serving(answers) as (base, _):
        assert [get(base + path).body for path in answers] == [b"hello"] * 3
        assert get(base + "/absent").status == 404


def test_no_more_than_the_limit_is_kept() -> None:
    with serving({"/": OK + b"\r\n" + b"x" * 300_000}) as (base, _):
        answer = get(base + "/", limit=1000)
    assert len(answer.body) == 1000
    assert answer.cut


def test_a_body_that_is_shorter_than_promised_is_no_answer() -> None:
    with serving({"/": OK + b"Content-Length: 50\r\n\r\nhello"}) as (base, _):
        assert reason(base + "/") == ("http", "unreachable")


def test_what_is_not_http_is_no_answer() -> None:
    with serving({"/": b"SSH-2.0-OpenSSH_9.2\r\n\r\n"}) as (base, _):
        assert reason(base + "/") == ("http", "")


def test_redirects_are_followed_three_times_and_never_carry_credentials() -> None:
    def to(place):
        return b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + place + b"\r\n\r\n"

    answers = {
        "/a": to(b"/b"),
        "/b": to(b"/c"),
        "/c": OK + b"Content-Length: 0\r\n\r\n",
        "/loop": to(b"/loop"),
        "/file": to(b"file:///etc/passwd"),
    }
    with serving(answers) as (base, seen):
        assert get(base.replace("http://", "http://user:secret@") + "/a").url.path == "/c"
        assert reason(base + "/loop") == ("http", "status")
        assert reason(base + "/file") == ("http", "status")
    assert not any("Authorization" in headers for _, headers in seen)


def test_a_closed_port_is_refused_and_a_name_that_does_not_exist_is_unresolvable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert reason(f"http://127.0.0.1:{port}/") == ("connect", "refused")
    assert reason("http://no-such-host.invalid/") == ("resolve", "unresolvable")


def test_a_silent_server_is_given_up_at_the_deadline() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        begun = time.monotonic()
        assert reason(f"http://127.0.0.1:{silent.getsockname()[1]}/", 0.3) == ("http", "timeout")
        assert time.monotonic() - begun < 10


def test_a_plain_server_behind_https_is_not_tls() -> None:
    from gosteward import tls

    with serving({}) as (base, _):
        assert reason(base.replace("http:", "https:") + "/", trust=tls.verifying("")) == ("tls", "not-tls")


def test_a_proxy_gets_its_own_password_and_the_whole_url() -> None:
    with serving({"http://goproxy.corp.example/x": OK + b"Content-Length: 2\r\n\r\nok"}) as (base, seen):
        proxy = parse(base.replace("http://", "http://dev:p%40ss@"))
        assert get("http://goproxy.corp.example/x", route=lambda _: proxy).body == b"ok"
    assert seen[0][1]["Proxy-Authorization"] == "Basic ZGV2OnBAc3M="


def test_a_proxy_that_refuses_is_told_from_a_server_that_refuses() -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with serving({"goproxy.corp.example:443": refusal}) as (base, _), pytest.raises(fetch.FetchError) as caught:
        get("https://goproxy.corp.example/x", route=lambda _: parse(base))
    assert (caught.value.by_proxy, caught.value.status, caught.value.reason) == (True, 407, "credentials")


def moved(place: bytes) -> bytes:
    return b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + place + b"\r\n\r\n"


def test_a_redirect_does_not_write_lines_into_the_next_question() -> None:
    for place in (b"/b HTTP/1.1\nX-More: yes\n\nGET /c", b"/b\rX-More: yes", b"/b c", b"http://x/b\tc"):
        with serving({"/a": moved(place)}) as (base, seen):
            assert reason(base + "/a") == ("http", "status")
        assert [path for path, _ in seen] == ["/a"]


def test_a_redirect_to_a_path_of_other_letters_is_asked_in_escapes() -> None:
    with serving({"/a": moved("/m\u00fc".encode()), "/m%C3%BC": OK + b"Content-Length: 2\r\n\r\nok"}) as (base, _):
        assert get(base + "/a").body == b"ok"


# For one who looks at names alone, this is no address of the host itself: so it stands for a server far away.
FAR = "0x7f000001"


@pytest.mark.parametrize("near", ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_nobody_far_away_sends_us_to_what_only_this_host_can_ask(near: str) -> None:
    answers = {"/a": b"", "/secret": OK + b"Content-Length: 6\r\n\r\nsecret"}
    with serving(answers) as (base, seen):
        port = base.rpartition(":")[2]
        answers["/a"] = moved(f"http://{near}:{port}/secret".encode())
        assert reason(f"http://{FAR}:{port}/a") == ("http", "status")
        assert [path for path, _ in seen] == ["/a"]
        assert get(base + "/a").body == b"secret"  # a server of this host may


@pytest.mark.parametrize("near", ["http://169.254.169.254/latest", "http://127.1/x", "http://localhost:1/x", "http://[fe80::1]/x", "http://[fd00:ec2::254]/x"])  # fmt: skip
def test_a_proxy_is_not_asked_for_what_only_hosts_can_ask_either(near: str) -> None:
    with serving({"http://goproxy.corp.example/a": moved(near.encode())}) as (base, seen):
        assert reason("http://goproxy.corp.example/a", route=lambda _: parse(base)) == ("http", "status")
    assert len(seen) == 1


def test_answers_before_the_answer_are_passed_over() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    with serving({"/a": early + OK + b"Content-Length: 2\r\n\r\nok"}) as (base, _):
        assert get(base + "/a").body == b"ok"


@pytest.mark.parametrize("length", [b"-5", b"+2", b"2, 2", b"0x2", b"9" * 30])
def test_a_length_that_is_none_is_no_answer(length: bytes) -> None:
    with serving({"/a": OK + b"Content-Length: " + length + b"\r\n\r\nok"}) as (base, _):
        assert reason(base + "/a") == ("http", "")


def test_a_body_of_very_many_very_small_chunks_is_not_read_to_its_end() -> None:
    chunk = b"1\r\nx\r\n"
    few, many = chunk * (fetch.MOST_SMALL_CHUNKS - 1), chunk * (2 * fetch.MOST_SMALL_CHUNKS)
    answers = {
        path: OK + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"
        for path, body in (("/few", few), ("/many", many))
    }
    with serving(answers) as (base, _):
        assert len(get(base + "/few", 30, limit=1 << 20).body) == fetch.MOST_SMALL_CHUNKS - 1
        assert reason(base + "/many", 30, limit=1 << 20) == ("http", "")


def test_a_chunk_takes_the_same_time_however_much_was_read_with_it() -> None:
    def read(count: int) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.settimeout(30)
            threading.Thread(target=theirs.sendall, args=(b"0\r\n\r\n",), daemon=True).start()
            body = fetch._Body(ours, b"1\r\nx\r\n" * count, fetch.Request(time.monotonic() + 30))
            assert sum(map(len, body.of_chunks())) == count

    assert grows_linearly(read, 40_000)
