"""The network probe against servers on the loopback, as a company, a mirror or a gateway would run them."""

from __future__ import annotations

import base64
import getpass
import hashlib
import http.server
import io
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import zipfile
from contextlib import contextmanager

import pytest

from gosteward.golang import dirhash
from gosteward.host.local import LocalHost
from gosteward.probes import network, trust
from gosteward.snapshot import (
    Binary,
    Context,
    EnvironmentVariable,
    Location,
    NetworkCheck,
    PathEntry,
    Requirement,
    Setting,
    User,
    Workspace,
)

SETTING = Location("/home/dev/.config/go/env", 1, "GOPROXY=...")
openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the program openssl")


@contextmanager
def serving(answers, certificate=None):
    """A server of `answers[path]` = (status, content type, body), with TLS if there is a certificate; yields its URL and what was asked."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.path)
            status, kind, body = answers.get(self.path, (404, "text/plain", b"not found"))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()


def collected(goproxy, *, settings=None, environment=None, workspaces=(), home="/nonexistent", deadline=2.0, go=""):
    values = {"GOPROXY": goproxy, "GOSUMDB": "off", **(settings or {})}
    variables = tuple(
        EnvironmentVariable(n, v, (Location("/etc/environment", 3),)) for n, v in (environment or {}).items()
    )
    binary = Binary("/usr/local/go/bin/go", "/usr/local/go/bin/go", version=go)
    search_path = (PathEntry("/usr/local/go/bin", go=binary),) if go else ()
    checks, gaps = network.collect(
        LocalHost(dict(os.environ)),
        User(name=getpass.getuser(), uid=os.getuid(), gid=os.getgid(), home=home),
        (Context(name="bash-login", kind="login", shell="bash", variables=variables, search_path=search_path),),
        tuple(Setting(name, value, "goenv-file", SETTING) for name, value in values.items()),
        tuple(workspaces),
        deadline,
    )
    assert gaps == ()
    return checks


def only(checks: tuple[NetworkCheck, ...], kind: str = "goproxy") -> NetworkCheck:
    (check,) = (c for c in checks if c.kind == kind)
    return check


def project(path="git.corp.example/team/greet", version="v1.0.0", *, go_sum="", summed=False, cached=False):
    requirement = Requirement(path, version, Location("/src/go.mod", 5), cached=cached, summed=summed, imported=True)
    return Workspace(
        root="/src", go_mod="/src/go.mod", module="git.corp.example/app", requirements=(requirement,), go_sum=go_sum
    )


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


# Proxies.


def test_a_proxy_that_knows_nothing_is_an_answer_and_learns_nothing() -> None:
    with serving({}) as (url, seen):
        check = only(collected(f"{url},direct"))
    assert check.ok
    assert (check.status, check.setting, check.contexts) == (404, SETTING, ("bash-login",))
    assert seen == ["/sumdb/sum.golang.org/supported"]


def test_refused_unresolvable_and_silent_proxies_have_their_reasons() -> None:
    refused = only(collected(f"http://127.0.0.1:{free_port()}"))
    assert (refused.step, refused.reason, refused.required) == ("connect", "refused", False)
    unknown = only(collected("https://no-such-proxy.invalid", workspaces=[project()]))
    assert (unknown.step, unknown.reason, unknown.required) == ("resolve", "unresolvable", True)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        begun = time.monotonic()
        late = only(collected(f"http://127.0.0.1:{silent.getsockname()[1]}", deadline=1.0))
    assert (late.ok, late.reason) == (False, "timeout")
    assert time.monotonic() - begun < 10


def test_only_a_pipe_makes_the_next_entry_a_fallback() -> None:
    dead = f"http://127.0.0.1:{free_port()}"
    with serving({}) as (url, _):
        comma = collected(f"{dead},{url}", workspaces=[project()])
        pipe = collected(f"{dead}|{url}", workspaces=[project()])
    assert [(c.fallback, c.required) for c in comma] == [(False, True), (False, False)]
    assert [(c.fallback, c.required) for c in pipe] == [(True, True), (False, True)]


def test_a_private_module_that_goes_around_the_proxies_makes_none_of_them_required() -> None:
    check = only(
        collected(f"http://127.0.0.1:{free_port()}", settings={"GOPRIVATE": "git.corp.example"}, workspaces=[project()])
    )
    assert not check.required


@openssl
def test_passwords_are_masked_and_not_sent(authority) -> None:
    store = {"SSL_CERT_FILE": str(authority / "ca.crt")}
    refusing = {"/sumdb/sum.golang.org/supported": (401, "text/plain", b"")}
    with serving(refusing, (authority / "good.crt", authority / "good.key")) as (url, _):
        check = only(collected(url.replace("https://", "https://dev:secret@"), environment=store))
    assert check.ok, "somebody who has a password is not told to get one"
    assert "secret" not in str(check)


def test_a_login_page_is_told_from_a_proxy() -> None:
    page = (200, "text/html; charset=utf-8", b"<!DOCTYPE html><title>Log in</title>")
    with serving({"/sumdb/sum.golang.org/supported": page, "/golang.org/x/mod/@v/list": page}) as (url, _):
        check = only(collected(url))
    assert (check.ok, check.reason) == (False, "login-page")
    with serving(
        {"/sumdb/sum.golang.org/supported": page, "/golang.org/x/mod/@v/list": (200, "text/plain", b"v0.1.0\n")}
    ) as (url, _):
        assert only(collected(url)).ok


def test_a_server_error_counts_only_if_modules_fail_too() -> None:
    broken = (502, "text/plain", b"")
    with serving({"/sumdb/sum.golang.org/supported": broken, "/golang.org/x/mod/@v/list": broken}) as (url, _):
        check = only(collected(url))
    assert (check.ok, check.reason, check.status) == (False, "status", 502)
    with serving({"/sumdb/sum.golang.org/supported": broken}) as (url, _):
        checks = collected(url, settings={"GOSUMDB": "sum.golang.org"})
    assert only(checks).ok
    database = only(checks, "sumdb")
    assert (database.ok, database.status, database.url) == (False, 502, f"{url}/sumdb/sum.golang.org")


def test_a_directory_is_looked_at_without_any_network(tmp_path) -> None:
    assert only(collected(f"file://{tmp_path}")).ok
    gone = only(collected(f"file://{tmp_path}/gone", workspaces=[project()]))
    assert (gone.reason, gone.required) == ("missing-directory", True)


def test_what_go_refuses_or_never_asks_is_not_asked() -> None:
    assert collected("off") == ()
    assert collected("htps://goproxy.corp.example,direct") == ()
    assert collected("direct") == ()


# HTTP proxies.


def test_a_dead_http_proxy_is_named_besides_what_lies_behind_it() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    checks = collected("https://goproxy.corp.example", environment={"HTTPS_PROXY": address})
    proxy = only(checks, "http-proxy")
    assert (proxy.ok, proxy.reason, proxy.url, proxy.setting) == (
        False,
        "refused",
        address,
        Location("/etc/environment", 3),
    )
    assert (only(checks).ok, only(checks).via) == (False, address)


def test_no_proxy_takes_a_server_out() -> None:
    environment = {"http_proxy": f"http://127.0.0.1:{free_port()}", "no_proxy": "corp.invalid"}
    check = only(collected("http://goproxy.corp.invalid", environment=environment))
    assert (check.step, check.via) == ("resolve", "")


def test_a_server_that_the_http_proxy_refuses_is_asked_without_it(monkeypatch) -> None:
    """The name stands for this host, as a line of /etc/hosts would have it: a literal 127.0.0.1 is never asked through a proxy."""
    resolve = socket.getaddrinfo
    names = {"goproxy.corp.example": "127.0.0.1"}
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: resolve(names.get(host, host), *rest, **more)
    )

    class Refusing(dict):
        def get(self, *_):
            return (403, "text/html", b"blocked by policy")

    with serving(Refusing()) as (way, _), serving({}) as (url, seen):
        site = url.replace("127.0.0.1", "goproxy.corp.example")
        check = only(collected(site, environment={"http_proxy": way}))
        assert (check.ok, check.status, check.direct) == (False, 403, True)
        assert seen == ["/sumdb/sum.golang.org/supported"]
        gone = only(collected("http://goproxy.corp.example:1", environment={"http_proxy": way}))
        assert (gone.ok, gone.direct) == (False, False)
        public = only(collected("http://proxy.golang.org", environment={"http_proxy": way}))
        assert (public.ok, public.direct) == (False, False)


# TLS.


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A directory with an authority (ca.crt) and what it issued: good, expired, and one for another host."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the program openssl")
    place = tmp_path_factory.mktemp("tls")

    def run(*words):
        subprocess.run(("openssl", *words), cwd=place, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    run(
        "req",
        "-x509",
        *key,
        "-days",
        "30",
        "-keyout",
        "ca.key",
        "-out",
        "ca.crt",
        "-subj",
        "/CN=Corp TLS Inspection CA",
    )
    for name, days, alternative in (
        ("good", "30", "IP:127.0.0.1"),
        ("old", "-1", "IP:127.0.0.1"),
        ("other", "30", "DNS:other.example"),
    ):
        run("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=goproxy.corp.example")
        (place / "extensions").write_text(f"subjectAltName={alternative}\n")
        signed = ("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial")
        run(*signed, "-days", days, "-out", f"{name}.crt", "-extfile", "extensions")
    return place


def tls_check(authority, name: str, store: str) -> NetworkCheck:
    with serving({}, (authority / f"{name}.crt", authority / f"{name}.key")) as (url, _):
        return only(collected(url, environment={"SSL_CERT_FILE": store}))


@openssl
def test_an_authority_in_the_store_is_trusted(authority) -> None:
    check = tls_check(authority, "good", str(authority / "ca.crt"))
    assert (check.ok, check.status) == (True, 404)


@openssl
def test_an_unknown_authority_is_named_with_the_store_and_the_file_that_was_delivered(
    authority, tmp_path, monkeypatch
) -> None:
    delivered = tmp_path / "delivered"
    delivered.mkdir()
    shutil.copy(authority / "ca.crt", delivered / "corp-inspection.crt")
    (delivered / "broken.crt").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (tmp_path / "empty.pem").write_text("")
    monkeypatch.setattr(trust, "DELIVERIES", (str(delivered),))
    monkeypatch.setattr(trust, "DIRECTORIES", ())
    check = tls_check(authority, "good", str(tmp_path / "empty.pem"))
    assert (check.ok, check.step, check.reason) == (False, "tls", "unknown-authority")
    assert check.issuer == "Corp TLS Inspection CA"
    assert check.authority_file == str(delivered / "corp-inspection.crt")
    assert (check.trust_store, check.trust_setting) == (str(tmp_path / "empty.pem"), Location("/etc/environment", 3))


@openssl
def test_an_authority_in_the_directories_counts_as_go_counts_it(authority, tmp_path, monkeypatch) -> None:
    (tmp_path / "empty.pem").write_text("")
    monkeypatch.setattr(trust, "DIRECTORIES", (str(authority),))
    assert tls_check(authority, "good", str(tmp_path / "empty.pem")).ok


@openssl
def test_expired_certificates_and_those_of_another_host_have_their_reasons(authority) -> None:
    expired = tls_check(authority, "old", str(authority / "ca.crt"))
    assert (expired.ok, expired.reason) == (False, "expired")
    assert expired.not_after < time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    assert tls_check(authority, "other", str(authority / "ca.crt")).reason == "wrong-host"


# The checksum database.


def head(size: int) -> bytes:
    signature = base64.b64encode(b"keyhsignature").decode()
    return f"go.sum database tree\n{size}\n{base64.b64encode(bytes(32)).decode()}\n\n\u2014 sum.golang.org {signature}\n".encode()


def database(url: str, **kw) -> NetworkCheck:
    return only(collected("direct", settings={"GOSUMDB": f"sum.golang.org {url}"}, **kw), "sumdb")


def test_a_database_answers_with_a_signed_head() -> None:
    with serving({"/latest": (200, "text/plain", head(60))}) as (url, seen):
        assert database(url).ok
    assert seen == ["/latest"]


def test_a_database_that_is_gone_fails_and_a_module_without_a_line_in_go_sum_needs_it() -> None:
    with serving({"/latest": (410, "text/plain", b"gone")}) as (url, _):
        check = database(url, workspaces=[project()])
    assert (check.ok, check.reason, check.status, check.required) == (False, "status", 410, True)


def test_a_database_that_went_backwards_is_stale(tmp_path) -> None:
    seen = tmp_path / "go/pkg/sumdb/sum.golang.org"
    seen.mkdir(parents=True)
    (seen / "latest").write_bytes(head(60))
    with serving({"/latest": (200, "text/plain", head(40))}) as (url, _):
        check = database(url, home=str(tmp_path))
    assert (check.ok, check.reason, check.detail) == (False, "stale-latest", "40 records now, 60 seen before")


def test_a_proxy_that_relays_the_database_is_asked_in_its_place() -> None:
    answers = {
        "/sumdb/sum.golang.org/supported": (200, "text/plain", b""),
        "/sumdb/sum.golang.org/latest": (200, "text/plain", head(60)),
    }
    with serving(answers) as (url, _):
        check = only(collected(url, settings={"GOSUMDB": "sum.golang.org"}), "sumdb")
    assert (check.ok, check.url) == (True, f"{url}/sumdb/sum.golang.org")


def test_a_proxy_that_does_not_relay_leaves_a_database_out_of_reach() -> None:
    key = b"\x01" + bytes(32)
    digest = hashlib.sha256(b"sumdb.invalid\n" + key).digest()[:4].hex()
    with serving({}) as (url, _):
        checks = collected(url, settings={"GOSUMDB": f"sumdb.invalid+{digest}+{base64.b64encode(key).decode()}"})
    assert only(checks).ok
    assert (only(checks, "sumdb").reason, only(checks, "sumdb").url) == ("unsupported-sumdb", "https://sumdb.invalid")


# Modules and netrc.


def module_zip(word: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("git.corp.example/team/greet@v1.0.0/greet.go", f'package greet\n\nconst Word = "{word}"\n')
    return buffer.getvalue()


def test_other_bytes_than_those_of_go_sum_are_a_conflict(tmp_path) -> None:
    go_sum = tmp_path / "go.sum"
    recorded = dirhash.of_zip(module_zip("hello"))
    go_sum.write_text(
        f"git.corp.example/team/greet v1.0.0/go.mod h1:x=\ngit.corp.example/team/greet v1.0.0 {recorded}\n"
    )
    path = "/git.corp.example/team/greet/@v/v1.0.0.zip"
    workspaces = [project(go_sum=str(go_sum), summed=True)]
    with serving({path: (200, "application/zip", module_zip("pwned"))}) as (url, seen):
        check = only(collected(url, workspaces=workspaces), "module")
    assert path in seen
    conflict = check.conflict
    assert conflict is not None
    assert (conflict.wanted, conflict.found) == (recorded, dirhash.of_zip(module_zip("pwned")))
    assert (conflict.source, conflict.location.line) == (url + path, 2)
    with serving({path: (200, "application/zip", module_zip("hello"))}) as (url, _):
        assert only(collected(url, workspaces=workspaces), "module").ok


def test_a_module_that_no_proxy_of_the_list_has_is_named(tmp_path) -> None:
    workspace = project(go_sum="", summed=False)
    with serving({}) as (url, _):
        check = only(collected(url, workspaces=[workspace]), "module")
        assert (check.ok, check.reason, check.status) == (False, "not-there", 404)
        assert check.module == "git.corp.example/team/greet@v1.0.0"
        assert not [c for c in collected(f"{url},direct", workspaces=[workspace]) if c.kind == "module"]
    with serving({"/git.corp.example/team/greet/@v/v1.0.0.mod": (200, "text/plain", b"module x\n")}) as (url, _):
        assert not [c for c in collected(url, workspaces=[workspace]) if c.kind == "module"]
    (tmp_path / "a").mkdir()
    check = only(collected(f"file://{tmp_path}/a", workspaces=[workspace]), "module")
    assert (check.reason, check.detail) == ("not-there", "no such file")


def test_a_proxy_that_asks_for_a_password_is_the_http_proxy_s_fault() -> None:
    class Answers(dict):
        def get(self, *_):
            return (407, "text/plain", b"who are you")

    with serving(Answers()) as (url, _):
        checks = collected("http://goproxy.corp.example", environment={"http_proxy": url})
    found = only(checks, "http-proxy")
    assert (found.ok, found.reason, found.status) == (False, "credentials", 407)
    assert found.setting == Location("/etc/environment", 3)


@pytest.mark.parametrize("reason", ["cached", "private"])
def test_a_module_path_is_sent_only_where_the_next_build_sends_it(reason: str, tmp_path) -> None:
    go_sum = tmp_path / "go.sum"
    go_sum.write_text("git.corp.example/team/greet v1.0.0 h1:x=\n")
    workspace = project(go_sum=str(go_sum), summed=True, cached=reason == "cached")
    settings = {"GOPRIVATE": "git.corp.example"} if reason == "private" else {}
    with serving({}) as (url, seen):
        collected(url, settings=settings, workspaces=[workspace])
    assert not any("greet" in path for path in seen)


REFUSING = {
    "/sumdb/sum.golang.org/supported": (401, "text/plain", b""),
    "/golang.org/x/mod/@v/list": (401, "text/plain", b""),
}


@openssl
@pytest.mark.parametrize(
    ("go", "with_port", "without"), [("", "", ""), ("go1.26.8", "", "port"), ("go1.23.4", "port", "")]
)
def test_a_netrc_entry_decides_whether_credentials_are_missing(
    authority, tmp_path, go: str, with_port: str, without: str
) -> None:
    """A port belongs to the name since go 1.24, and not before; where the version is not known, both will do."""
    store = {"SSL_CERT_FILE": str(authority / "ca.crt")}

    def problem(entry: str) -> str:
        (tmp_path / ".netrc").write_text(entry)
        checks = collected(url, environment=store, home=str(tmp_path), go=go)
        asked, file = only(checks), [c for c in checks if c.kind == "netrc"]
        assert asked.ok == (not file and bool(entry))
        return file[0].reason if file else asked.reason

    with serving(REFUSING, (authority / "good.crt", authority / "good.key")) as (url, _):
        place = url[len("https://") :]
        assert problem("") == "credentials"
        assert problem("machine 127.0.0.1 login dev\n") == "incomplete"
        assert problem(f"machine {place} login dev password x\n") == with_port
        assert problem("machine 127.0.0.1 login dev password x\n") == without


@openssl
@pytest.mark.parametrize(
    ("goauth", "reasons"), [(" netrc ", ["incomplete"]), ("netrc ;netrc", ["incomplete"]), ("git /src; netrc", [])]
)
def test_goauth_is_a_list_in_which_a_program_may_know_what_the_netrc_does_not(
    authority, tmp_path, goauth: str, reasons: list[str]
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login dev\n")
    with serving(REFUSING, (authority / "good.crt", authority / "good.key")) as (url, _):
        store = {"SSL_CERT_FILE": str(authority / "ca.crt")}
        checks = collected(url, environment=store, home=str(tmp_path), settings={"GOAUTH": goauth})
    assert [check.reason for check in checks if check.kind == "netrc"] == reasons


def test_over_http_no_password_counts_as_go_sends_none(tmp_path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login dev password x\n")
    with serving(REFUSING) as (url, _):
        assert only(collected(url, home=str(tmp_path))).reason == "credentials"
        assert only(collected(url, settings={"GOAUTH": "git /src"})).reason == "credentials"
        in_url = only(collected(url.replace("http://", "http://dev:secret@")))
    assert (in_url.ok, in_url.reason) == (False, "password-in-clear")


MOD = "/git.corp.example/team/greet/@v/v1.0.0.mod"


@pytest.mark.parametrize("status", [403, 502])
def test_a_proxy_that_refuses_a_module_or_fails_with_it_is_named_with_what_it_says(status: int) -> None:
    answers = {
        "/sumdb/sum.golang.org/supported": (200, "text/plain", b""),
        MOD: (status, "text/plain", b"because\x1b[31m of x\nmore"),
    }
    with serving(answers) as (url, _), serving({}) as (second, seen):
        found = only(collected(f"{url},direct", workspaces=[project()]), "module")
        assert (found.reason, found.status, found.detail) == (
            "not-given",
            status,
            f"HTTP status {status}: because[31m of x",
        )
        assert only(collected(f"{url},{second}", workspaces=[project()]), "module").url == url
        assert MOD not in seen  # go does not get there
        assert only(collected(f"{url}|{second}", workspaces=[project()]), "module").reason == "not-there"
        assert MOD in seen


@openssl
def test_what_is_refused_to_us_who_send_no_password_may_be_given_to_go(authority, tmp_path) -> None:
    answers = {"/sumdb/sum.golang.org/supported": (200, "text/plain", b""), MOD: (403, "text/plain", b"")}
    store = {"SSL_CERT_FILE": str(authority / "ca.crt")}
    with serving(answers, (authority / "good.crt", authority / "good.key")) as (url, _):
        refused = collected(url, environment=store, workspaces=[project()], home=str(tmp_path))
        (tmp_path / ".netrc").write_text(f"machine {url[len('https://') :]} login dev password x\n")
        with_netrc = collected(url, environment=store, workspaces=[project()], home=str(tmp_path))
        with_goauth = collected(url, environment=store, workspaces=[project()], settings={"GOAUTH": "git /src"})
    assert only(refused, "module").reason == "not-given"
    assert not [c for checks in (with_netrc, with_goauth) for c in checks if c.kind == "module"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can read as somebody else")
def test_a_netrc_that_its_user_may_not_read_is_told_with_owner_and_mode(tmp_path) -> None:
    path = tmp_path / ".netrc"
    path.write_text("machine 127.0.0.1 login dev password x\n")
    path.chmod(0o600)
    user = User(name="dev", uid=12345, gid=12345, home=str(tmp_path))
    host = LocalHost(dict(os.environ))
    settings = (
        Setting("GOPROXY", "file:///srv", "goenv-file", SETTING),
        Setting("GOSUMDB", "off", "goenv-file", SETTING),
    )
    checks, _ = network.collect(host, user, (Context(name="bash-login", kind="login"),), settings, (), 2.0)
    found = only(checks, "netrc")
    assert (found.reason, found.uid, found.mode) == ("unreadable", 0, 0o600)


def test_equal_contexts_are_asked_for_once() -> None:
    with serving({}) as (url, seen):
        checks, _ = network.collect(
            LocalHost(dict(os.environ)),
            User(name="dev", uid=os.getuid(), home="/nonexistent"),
            (Context(name="bash-login", kind="login"), Context(name="bash-interactive", kind="terminal")),
            (Setting("GOPROXY", url, "goenv-file", SETTING), Setting("GOSUMDB", "off", "goenv-file", SETTING)),
            (),
            2.0,
        )
    assert only(checks).contexts == ("bash-login", "bash-interactive")
    assert len(seen) == 1
