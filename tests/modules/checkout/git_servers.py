"""Repositories, and the servers that really have them: git over https with a password, and over ssh; git.corp.example, whatever its address.

Clients reach the https server as a proxy of theirs (https_proxy): so names need no name service, and addresses no port.
"""

from __future__ import annotations

import http.server
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from base64 import b64encode
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "git.corp.example"
USER, PASSWORD = "deploy", "s3cret-Password"
CLEAN = {
    "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@corp.example",
    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@corp.example",
}  # fmt: skip


class Repository:
    """A bare repository, and a working tree to fill it from.

    Args:
        path: "team/text", as in the URL.
    """

    def __init__(self, top: Path, path: str) -> None:
        self.bare, self.work = top / "repositories" / path, top / "work" / path
        self.work.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(self.bare)], check=True, env=CLEAN)
        self._day = 0

    def git(self, *words: str) -> str:
        when = f"2026-01-{getattr(self, '_day', 0) + 1:02}T00:00:00Z"
        environment = {**CLEAN, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        ran = subprocess.run(
            ["git", *words], cwd=self.work, env=environment, check=True, capture_output=True, text=True
        )
        return ran.stdout.strip()

    def commit(self, files: dict[str, str | bytes], *tags: str, branch: str = "") -> str:
        """Change files, tag, push. Returns the commit."""
        self._day += 1
        if branch:
            self.git("checkout", "-q", "-b", branch)
        for name, content in files.items():
            (self.work / name).parent.mkdir(parents=True, exist_ok=True)
            (self.work / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", f"day {self._day}")
        for tag in tags:
            self.git("tag", tag)
        self.push()
        return self.git("rev-parse", "HEAD")

    def push(self) -> None:
        self.git("push", "-q", "--force", "--all", str(self.bare))
        self.git("push", "-q", "--force", "--tags", str(self.bare))


class GitServer:
    """What there is, and how the server behaves.

    Attributes:
        metas: path to the text of its go-import tag.   faults: path prefix to what happens: a status, "hang", "garbage", "endless".
        public: no password is asked for.   asked: lines of requests.   secrets: Authorization headers that came, with the server they came to.
    """

    def __init__(self, top: Path) -> None:
        self.top = top
        self.metas: dict[str, str] = {}
        self.faults: dict[str, int | str] = {}
        self.public = False
        self.asked: list[str] = []
        self.port = 0
        self.certificate = top / "server.crt"
        self.stopping = threading.Event()
        words = [
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            f"/CN={HOST}",
        ]
        names = [
            "-addext",
            f"subjectAltName=DNS:{HOST},DNS:*.corp.example",
            "-keyout",
            str(top / "server.key"),
            "-out",
            str(self.certificate),
        ]
        subprocess.run(["openssl", "req", *words, *names], check=True, capture_output=True)

    @property
    def environment(self) -> dict[str, str]:
        """Of a client that is to reach it."""
        address = f"http://127.0.0.1:{self.port}"
        return {
            "https_proxy": address,
            "http_proxy": address,
            "HTTPS_PROXY": address,
            "SSL_CERT_FILE": str(self.certificate),
        }


@contextmanager
def git_server(top: Path) -> Iterator[GitServer]:
    served = GitServer(top)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served.certificate, top / "server.key")

    class Handler(_Handler):
        server_of, tls = served, context

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    served.port = server.server_address[1]
    try:
        yield served
    finally:
        served.stopping.set()
        server.shutdown()
        server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of: GitServer
    tls: ssl.SSLContext

    def do_CONNECT(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        if not self.path.endswith("corp.example:443"):
            self.server_of.asked.append(f"CONNECT {self.path}")
            self.close_connection = True
            return
        with suppress(OSError), self.tls.wrap_socket(self.connection, server_side=True) as spoken:
            self.rfile, self.wfile = spoken.makefile("rb"), spoken.makefile("wb", 0)  # type: ignore[assignment]
            self.close_connection = False
            while not self.close_connection:
                self.handle_one_request()
            self.rfile.close()
            self.wfile.close()
        self.close_connection = True

    def do_GET(self) -> None:
        path = self.path if self.path.startswith("/") else "/" + self.path.split("/", 3)[3]
        path, _, query = path.partition("?")
        self.server_of.asked.append(f"{self.command} {path}?{query}")
        fault = next((fault for prefix, fault in self.server_of.faults.items() if path.startswith(prefix)), None)
        if fault is not None:
            self._misbehave(fault)
        elif "go-get=1" in query:
            meta = self.server_of.metas.get(path)
            page = f'<html><head><meta name="go-import" content="{meta}"></head></html>' if meta else "nothing"
            self._answer(200 if meta else 404, page.encode())
        elif not self.server_of.public and self.headers.get("Authorization") != _BASIC:
            self._answer(401, b"who are you", ("WWW-Authenticate", 'Basic realm="git"'))
        else:
            self._backend(path, query)

    do_POST = do_GET  # noqa: N815

    def _backend(self, path: str, query: str) -> None:
        name = path.partition("/info/")[0].partition("/git-upload-pack")[0].lstrip("/")
        if not (self.server_of.top / "repositories" / name.removesuffix(".git") / "HEAD").exists():
            return self._answer(404, b"no such repository")
        path = path.replace(name, name.removesuffix(".git"), 1)
        environment = {
            **CLEAN, "GIT_PROJECT_ROOT": str(self.server_of.top / "repositories"), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path, "QUERY_STRING": query,
            "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("Content-Type", ""), "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "REMOTE_USER": USER, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
        }  # fmt: skip
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        ran = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
        head, _, content = ran.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
        status = next((int(value[:3]) for name, value in fields if name == "Status"), 200)
        return self._answer(status, content, *((name, value) for name, value in fields if name != "Status"))

    def _answer(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _misbehave(self, fault: int | str) -> None:
        self.close_connection = True
        if isinstance(fault, int):
            self._answer(fault, b"out of order")
        elif fault == "hang":
            self.server_of.stopping.wait(60)
        elif fault == "garbage":
            self._answer(200, os.urandom(5000), ("Content-Type", "application/x-git-upload-pack-advertisement"))
        elif "://" in fault:
            self._answer(302, b"", ("Location", fault))
        else:
            self.send_response(200)
            self.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            with suppress(OSError):
                while not self.server_of.stopping.is_set():
                    self.wfile.write(b"10000\r\n" + b"0" * 0x10000 + b"\r\n")

    def log_message(self, *_: object) -> None:
        pass


_BASIC = f"Basic {b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"

GATE = """\
#!{python}
import os, shlex, sys
words = shlex.split(os.environ.get("SSH_ORIGINAL_COMMAND", ""))
with open({log!r}, "a") as log:
    log.write(" ".join(words) + chr(10))
path = {top!r} + "/repositories" + words[1].removesuffix(".git")
if words[0] != "git-upload-pack" or not os.path.exists(path + "/HEAD"):
    sys.stderr.write("ERROR: Repository not found.\\n")
    sys.exit(1)
os.execvpe("git", ["git", "-c", "safe.directory=*", "upload-pack", path], {{**os.environ, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}})
"""


class SshServer:
    """sshd on a high port.  port: of it.   log: what was asked of it."""

    def __init__(self, top: Path) -> None:
        self.top, self.log = top / "sshd", top / "sshd/asked"
        self.top.mkdir()
        for name in ("host", "client"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.top / name)], check=True)
        gate = self.top / "gate"
        gate.write_text(GATE.format(python=sys.executable, log=str(self.log), top=str(top)))
        gate.chmod(0o755)
        public = (self.top / "client.pub").read_text()
        (self.top / "authorized_keys").write_text(f'restrict,command="{gate}" {public}')
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        lines = (
            f"Port {self.port}", "ListenAddress 127.0.0.1", f"HostKey {self.top}/host", f"AuthorizedKeysFile {self.top}/authorized_keys",
            f"PidFile {self.top}/pid", "StrictModes no", "UsePAM no", "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin yes",
        )  # fmt: skip
        (self.top / "sshd_config").write_text("\n".join(lines) + "\n")

    def let_in(self, home: Path) -> None:
        """Prepare a home for a client."""
        ssh = home / ".ssh"
        ssh.mkdir(mode=0o700)
        shutil.copy(self.top / "client", ssh / "id_ed25519")
        (ssh / "id_ed25519").chmod(0o600)
        host_key = " ".join((self.top / "host.pub").read_text().split()[:2])
        (ssh / "known_hosts").write_text(f"{HOST} {host_key}\n")
        (ssh / "config").write_text(
            f"Host {HOST}\n HostName 127.0.0.1\n HostKeyAlias {HOST}\n Port {self.port}\n User root\n"
        )


@contextmanager
def ssh_server(top: Path) -> Iterator[SshServer]:
    served = SshServer(top)
    os.makedirs("/run/sshd", 0o755, exist_ok=True)
    command = ["/usr/sbin/sshd", "-D", "-e", "-f", str(served.top / "sshd_config")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.time() + 20
        while time.time() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", served.port), 1):
                break
            time.sleep(0.02)
        yield served
    finally:
        process.terminate()
        process.wait()
