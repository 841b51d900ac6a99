"""Go's own tests of the go command: a test binary of a GOROOT, its test proxy, and runs of its scripts.

Nothing of Go is kept here and nothing in GOROOT is changed. One file of the tests gets three lines more, by an overlay that is made
when the binary is built: after them the scripts use PROXY_UNDER_TEST as their GOPROXY.

Source: cmd/go/proxy_test.go (test proxy and its database), cmd/go/go_test.go (TestMain), cmd/go/script_test.go (TestScript).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

VARIABLE = "PROXY_UNDER_TEST"
PROXY_TEST = "src/cmd/go/proxy_test.go"
ANCHOR = '\t\tproxyURL = "http://" + *proxyAddr + "/mod"\n'
INSERTED = f'\t\tif u := os.Getenv("{VARIABLE}"); u != "" {{\n\t\t\tproxyURL = u\n\t\t}}\n'
CONSTANT = re.compile(r'^\s*(testSumDBName|testSumDBVerifierKey)\s*=\s*"([^"]+)"$', re.MULTILINE)
RESULT = re.compile(r"^\s*--- (PASS|FAIL|SKIP): TestScript/(\S+) \([\d.]+s\)$", re.MULTILINE)
START = 60.0  # seconds within which a server has to accept connections


class HarnessError(Exception):
    """The tests cannot be run: nothing is said about the proxy under test."""


class Goroot(NamedTuple):
    """A GOROOT with the sources and the test data of the go command."""

    path: Path
    version: str
    """As in VERSION: "go1.26.8"."""
    proxy_test: str
    """Source of the test proxy."""

    @property
    def scripts(self) -> frozenset[str]:
        """Names of all script tests."""
        return frozenset(script.stem for script in (self.path / "src/cmd/go/testdata/script").glob("*.txt"))

    @property
    def environment(self) -> dict[str, str]:
        """What its go command and its tests run with: nothing of the caller's Go settings but the build cache."""
        kept = {k: v for k, v in os.environ.items() if k == "GOCACHE" or not k.startswith(("GO", "CGO_", "TESTGO"))}
        path = f"{self.path / 'bin'}{os.pathsep}{kept.get('PATH', os.defpath)}"
        return {**kept, "PATH": path, "GOROOT": str(self.path), "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOSUMDB": "", "GOENV": "off"}  # fmt: skip


class Database(NamedTuple):
    """The checksum database of the test proxy."""

    name: str
    key: str


def goroot_at(path: Path) -> Goroot:
    """Look a GOROOT over.

    Raises:
        HarnessError: it lacks what is needed.
    """
    needed = ("VERSION", "bin/go", PROXY_TEST, "src/cmd/go/testdata/script", "src/cmd/go/testdata/mod", "src/cmd/vendor/golang.org/x")  # fmt: skip
    for part in needed:
        if not (path / part).exists():
            raise HarnessError(f"{path} is not a GOROOT with the tests of the go command: it has no {part}")
    version = (path / "VERSION").read_text().split()[0]
    return Goroot(path.resolve(), version, (path / PROXY_TEST).read_text())


def with_insertion(source: str) -> str:
    """The source of the test proxy, with GOPROXY taken from the environment.

    Raises:
        HarnessError: the line after which ours belong is not there exactly once.
    """
    if source.count(ANCHOR) != 1:
        raise HarnessError(f"{PROXY_TEST} has the line `{ANCHOR.strip()}` {source.count(ANCHOR)} times, not once: this Go is not known here")  # fmt: skip
    return source.replace(ANCHOR, ANCHOR + INSERTED)


def database_of(source: str) -> Database:
    """Name and verifier key of the test database, from the source of the test proxy.

    Raises:
        HarnessError: they are not there.
    """
    found = dict(CONSTANT.findall(source))
    try:
        return Database(found["testSumDBName"], found["testSumDBVerifierKey"])
    except KeyError as error:
        raise HarnessError(f"{PROXY_TEST} has no constant {error.args[0]}") from error


def binary_of(goroot: Goroot, cache: Path) -> Path:
    """The test binary, built unless the cache has it: two to ten minutes of CPU time.

    Raises:
        HarnessError: the overlay cannot be made, or the build fails.
    """
    changed = with_insertion(goroot.proxy_test)
    digest = hashlib.sha256(f"{goroot.path}\0{changed}".encode()).hexdigest()[:12]
    binary = cache / f"cmdgo-{goroot.version}-{digest}.test"
    if not binary.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            _build(goroot, changed, Path(scratch)).rename(binary)
    return binary


def _build(goroot: Goroot, changed: str, scratch: Path) -> Path:
    source, overlay, built = scratch / "proxy_test.go", scratch / "overlay.json", scratch / "cmdgo.test"
    source.write_text(changed)
    overlay.write_text(json.dumps({"Replace": {str(goroot.path / PROXY_TEST): str(source)}}))
    command = ("go", "test", "-c", "-vet=off", f"-overlay={overlay}", f"-o={built}", "cmd/go")
    # Overlays of files below GOMODCACHE are refused: the GOROOT may be a toolchain there. Nothing is downloaded, all is in the vendor directory.
    environment = {**goroot.environment, "GOMODCACHE": str(scratch / "modules"), "GOPROXY": "off"}
    done = subprocess.run(command, cwd=goroot.path / "src", env=environment, capture_output=True, text=True, check=False)  # fmt: skip
    if done.returncode or not built.exists():
        raise HarnessError(f"building the tests of the go command failed:\n{done.stderr.strip()}")
    return built


def free_address() -> str:
    """An address of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@contextmanager
def serving(command: Sequence[str], address: str, environment: Mapping[str, str], directory: Path, log: IO[bytes]) -> Iterator[None]:  # fmt: skip
    """A server that accepts connections at an address while the block runs; it and what it started are ended afterwards.

    Raises:
        HarnessError: it cannot be started, ends, or does not accept within a minute.
    """
    try:
        server = subprocess.Popen(command, cwd=directory, env=dict(environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)  # fmt: skip
    except OSError as error:
        raise HarnessError(f"cannot start {command[0]}: {error.strerror}") from error
    try:
        _wait_until_accepting(server, address, command[0], log.name)
        yield
    finally:
        _end(server)


def _wait_until_accepting(server: subprocess.Popen[bytes], address: str, name: str, log: str) -> None:
    host, _, port = address.rpartition(":")
    end = time.monotonic() + START
    while time.monotonic() < end:
        if server.poll() is not None:
            raise HarnessError(f"{name} ended with {server.returncode}; its output: {log}")
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise HarnessError(f"{name} does not listen on {address} after {START:.0f} s; its output: {log}")


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    with suppress(subprocess.TimeoutExpired):
        server.wait(timeout=10)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)  # what it started, and itself where it did not end
    server.wait()


@contextmanager
def upstream_at(address: str, goroot: Goroot, binary: Path, log: IO[bytes]) -> Iterator[str]:
    """Go's test proxy at work, at HOST:PORT. Its URL, with /mod at the end."""
    command = (str(binary), f"-proxy={address}")
    with serving(command, address, goroot.environment, goroot.path / "src/cmd/go", log):
        yield f"http://{address}/mod"


def results_of(goroot: Goroot, binary: Path, scripts: Sequence[str], proxy: str, log: IO[bytes], parallel: int) -> dict[str, str]:  # fmt: skip
    """Run scripts, through a proxy or ("") with the test proxy inside of the test binary.

    Returns:
        PASS, FAIL or SKIP by script; one that came to no end is FAIL. The log has what `go test -v` prints.
    """
    names = "|".join(re.escape(name) for name in scripts)
    command = (str(binary), f"-test.run=^TestScript$/^({names})$", "-test.v", f"-test.parallel={parallel}", "-test.timeout=30m")  # fmt: skip
    environment = {**goroot.environment, VARIABLE: proxy}
    begin = log.tell()
    with tempfile.TemporaryDirectory(prefix="cmdgo-") as scratch:
        environment["TMPDIR"] = scratch
        subprocess.run(command, cwd=goroot.path / "src/cmd/go", env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)  # fmt: skip
    found = parsed(Path(log.name).read_bytes()[begin:].decode(errors="replace"))
    return {name: found.get(name, "FAIL") for name in scripts}


def parsed(output: str) -> dict[str, str]:
    """Results by script, from what `go test -v` prints."""
    return {name: result for result, name in RESULT.findall(output)}
