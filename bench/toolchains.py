"""Installing, upgrading and verifying a release, beside what people do without gosteward: all in one run, rounds interleaved, medians.

    .venv/bin/python bench/toolchains.py [--version 1.25.14] [--upgrade 1.25.11] [--rounds 5] [--directory DIR] [--engines DIR] [--peers DIR]

Needs root (mounts of its own), a network, `go`, `openssl`. VERSION is not that of the go on PATH. Everything is fetched from one mirror on the loopback,
over plain HTTP, so that neither the network nor TLS is in the numbers; what it spends is not counted. Rows, CPU seconds of all processes:

    go                    `GOTOOLCHAIN=goVERSION go version` with an empty module cache: fetches, verifies by the log, unpacks
    install [ENGINE]      `gosteward install VERSION`, nothing cached: the same, and the whole proof of the log, journal, a first run
    patch [ENGINE]        the same beside UPGRADE, of which it shares files
    go, fetched           the zip is in go's cache: it is hashed again and unpacked
    install, fetched      the archive is in gosteward's cache, and its proof is stored;   patch, fetched: beside UPGRADE
    sha256sum + tar       of a tarball with the same files, which is here: what an administrator types
    mise, goenv, golang.org/dl   where they are found: on PATH or in --peers (mise; go-build, which is what goenv installs by, of its checkout's
                          plugins/go-build/bin; goVERSION, made by `go install golang.org/dl/goVERSION@latest`)
    verify                `gosteward verify --files-only --offline`;   sha256sum of all files: `find -type f | xargs sha256sum`
    use                   `gosteward use`;   ln -sfn: what it is at least
    go version            through two links, and by its real path

ENGINE: zlib, and each of isal and zlib-ng that is in a directory of that name below --engines (`pip install --target DIR/isal isal`). In memory; with
--directory in there, on its file system.

Goals for `patch` are not reached, and cannot be by the way it goes: 60 MB of the files of a release are programs, which differ in every patch release.
To inflate, hash and write them, and to receive the archive, takes 0.21 x the CPU of `go` with zlib and 0.16 x with isal; the other 11,000 files are one
link each, 0.05 x.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from toolchain_mirror import Mirror, mirror

PLACES = ("/var/lib/gosteward", "/var/cache/gosteward", "/opt/go")
COVERED = (
    "/etc",
    "/usr/local",
)  # installing also writes links and drop-ins: into a layer above these, which goes with the namespace
ROOT = Path("/opt/go")
GOALS = {"install zlib": 0.5, "install isal": 0.4, "patch zlib": 0.2, "patch isal": 0.2}


class Spent(NamedTuple):
    """CPU seconds of a command and all that it starts, and wall seconds."""

    cpu: float
    wall: float


def spent(command: list[str], **environment: str) -> Spent:
    """Run a command. Ends the program if it fails."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ran = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"{' '.join(command)}: exit code {ran.returncode}\n{ran.stdout}{ran.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(cpu, time.perf_counter() - begun)


def isolate(directory: str) -> None:
    """Start again in a mount namespace in which every place that is written to is empty, or covered by a layer in memory."""
    layer = "/dev/shm" if os.path.isdir("/dev/shm") else "/mnt"
    covers = f"mount -t tmpfs tmpfs {layer} && " + " && ".join(
        f"mkdir -p {layer}/layer{path}/upper {layer}/layer{path}/work && mount -t overlay overlay "
        f"-o lowerdir={path},upperdir={layer}/layer{path}/upper,workdir={layer}/layer{path}/work {path}"
        for path in COVERED
    )
    if directory:
        holder = tempfile.mkdtemp(dir=directory)
        mounts = " && ".join(
            f"mkdir -p {place} {holder}{place} && mount --bind {holder}{place} {place}" for place in PLACES
        )
        tail = f'{covers} && {mounts} && "$@" --scratch {holder}; code=$?; rm -rf {holder} 2>/dev/null; exit $code'
    else:
        mounts = " && ".join(f"mkdir -p {place} && mount -t tmpfs -o mode=0755 tmpfs {place}" for place in PLACES)
        memory = "--scratch /dev/shm" if os.path.isdir("/dev/shm") else ""
        tail = f'{covers} && {mounts} && exec "$@" {memory}'
    sys.exit(
        subprocess.run(
            ["unshare", "--mount", "sh", "-c", tail, "sh", sys.executable, *sys.argv], check=False
        ).returncode
    )


def emptied() -> None:
    """As on a host that has never seen gosteward."""
    for place in PLACES:
        for path in Path(place).iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


class Bench:
    """Everything that is measured in one round."""

    def __init__(self, options: argparse.Namespace, scratch: Path, served: Mirror) -> None:
        self.options, self.scratch, self.served = options, scratch, served
        self.tree = ROOT / f"go{options.version}"
        self.program = [options.program]
        empty = {"GOMODCACHE": str(scratch / "modules"), "GOPATH": str(scratch / "gopath"), "GOENV": "off"}
        self.environment = {**empty, "GOFLAGS": "-modcacherw", "GOPROXY": f"{served.url}/proxy", "HOME": str(scratch)}
        self.engines = {"zlib": ""}
        for name in ("isal", "zlib-ng"):
            place = Path(options.engines) / name if options.engines else None
            if place is not None and place.is_dir():
                self.engines[name] = str(place)

    def round(self) -> dict[str, Spent]:
        """One round."""
        found = {"go": self.go()}
        shutil.rmtree(self.scratch / "modules" / "golang.org")
        found["go, fetched"] = self.go()
        shutil.rmtree(self.scratch / "modules")
        for engine in self.engines:
            emptied()
            found[f"install {engine}"] = self.install(self.options.version, engine)
        self.forget_tree()
        found["install, fetched"] = self.install(self.options.version, "zlib")
        found |= self.verifying() | self.switching() | self.peers()
        self.forget_tree()
        self.install(self.options.upgrade, "zlib")
        found["patch, fetched"] = self.install(self.options.version, "zlib")
        for engine in self.engines:
            emptied()
            self.install(self.options.upgrade, engine)
            found[f"patch {engine}"] = self.install(self.options.version, engine)
        emptied()
        return found

    def go(self) -> Spent:
        return spent(["go", "version"], GOTOOLCHAIN=f"go{self.options.version}", **self.environment)

    def install(self, version: str, engine: str) -> Spent:
        path = os.pathsep.join(p for p in (os.environ.get("PYTHONPATH", ""), self.engines[engine]) if p)
        return spent([*self.program, "install", "--no-links", version], PYTHONPATH=path, **self.environment)

    def forget_tree(self) -> None:
        shutil.rmtree(ROOT / ".installed")
        shutil.rmtree(self.tree)

    def verifying(self) -> dict[str, Spent]:
        found = {
            "verify": spent([*self.program, "verify", "--files-only", "--offline", str(self.tree)], **self.environment)
        }
        found["sha256sum of all files"] = spent(["sh", "-c", f"find {self.tree} -type f -print0 | xargs -0 sha256sum"])
        archive = self.tarball()
        (self.scratch / "tar").mkdir()
        found["sha256sum + tar"] = spent(
            ["sh", "-c", f"sha256sum {archive} && tar xzf {archive} -C {self.scratch}/tar"]
        )
        shutil.rmtree(self.scratch / "tar")
        return found

    def tarball(self) -> Path:
        """As of go.dev, made of the tree that is installed."""
        name = f"go{self.options.version}.linux-amd64.tar.gz"
        archive = self.scratch / name
        if not archive.exists():
            moved = f"s,^go{self.options.version},go,"
            subprocess.run(["tar", "czf", archive, "--transform", moved, "-C", ROOT, self.tree.name], check=True)
            self.served.tarballs[name] = archive.read_bytes()
        return archive

    def switching(self) -> dict[str, Spent]:
        link = self.scratch / "current"
        found = {"use": spent([*self.program, "use", self.options.version], **self.environment)}
        found["ln -sfn"] = spent(["ln", "-sfn", str(self.tree), str(link)])
        for name, place in (("go version by its path", self.tree), ("go version by links", link)):
            command = ["sh", "-c", f"for i in $(seq 20); do {place}/bin/go version; done"]
            found[name] = spent(command, GOTOOLCHAIN="local", **self.environment)
        return found

    def peers(self) -> dict[str, Spent]:
        found = {}
        path = f"{self.options.peers}:{os.environ['PATH']}" if self.options.peers else os.environ["PATH"]
        home = self.scratch / "home"
        tls = {"HTTPS_PROXY": self.served.url, "SSL_CERT_FILE": str(self.served.authority)}
        mise = shutil.which("mise", path=path)
        if mise:
            home.mkdir()
            own = {
                "MISE_GO_DOWNLOAD_MIRROR": f"{self.served.url}/go",
                "MISE_YES": "1",
                "HOME": str(home),
                **self.tags(),
            }
            found["mise"] = spent([mise, "install", f"go@{self.options.version}"], **own)
            shutil.rmtree(home)
        go_build = shutil.which("go-build", path=path)
        if go_build:
            home.mkdir()
            found["goenv"] = spent(
                [go_build, self.definition(home), f"{home}/tree"],
                HOME=str(home),
                TMPDIR=str(home),
                GO_BUILD_MIRROR_URL=f"{self.served.url}/go",
            )
            shutil.rmtree(home)
        official = shutil.which(f"go{self.options.version}", path=path)
        if official:
            home.mkdir()
            found["golang.org/dl"] = spent([official, "download"], HOME=str(home), **tls)
            shutil.rmtree(home)
        return found

    def definition(self, home: Path) -> str:
        """A definition of goenv for the tarball that is served here. Its path."""
        made = home / self.options.version
        name, content = next(iter(self.served.tarballs.items()))
        stated = f"{name}#{hashlib.sha256(content).hexdigest()}"
        made.write_text(f'install_linux_64bit "Go {self.options.version}" "{stated}"\n')
        return str(made)

    def tags(self) -> dict[str, str]:
        """Settings of git by which mise finds the tags of Go's repository, which it lists first, in one of ours."""
        place = self.scratch / "tags"
        if not place.exists():
            git = ["git", "-C", str(place), "-c", "user.name=x", "-c", "user.email=x"]
            subprocess.run(["git", "init", "-q", place], check=True)
            subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
            subprocess.run([*git, "tag", f"go{self.options.version}"], check=True)
        key = f"url.file://{place}.insteadOf"
        return {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": key, "GIT_CONFIG_VALUE_0": "https://github.com/golang/go"}

    def log_requests(self) -> tuple[str, ...]:
        """How often the checksum database is asked, and over how many connections: cold, and with the proof stored."""
        said = []
        for name in ("nothing known", "another release known", "proof stored"):
            if name != "proof stored":
                emptied()
            if name == "another release known":
                self.install(self.options.upgrade, "zlib")
            if name == "proof stored":
                self.forget_tree()
            asked, opened = len(self.served.asked), self.served.connections
            self.install(self.options.version, "zlib")
            paths = self.served.asked[asked:]
            of_log = sum("/sumdb/" in path for path in paths)
            said.append(
                f"{name}: {of_log} requests of the log, {len(paths)} in all, over {self.served.connections - opened} connections"
            )
        return tuple(said)


def table(rounds: list[dict[str, Spent]]) -> str:
    """Medians, and medians of the ratios within each round."""
    lines = [f"{'':<26}{'CPU s':>8}{'wall s':>8}{'CPU x go':>10}{'goal':>7}"]
    for name in rounds[0]:
        base = "go, fetched" if name.endswith("fetched") else "go"
        cpu, wall = (statistics.median(getattr(found[name], kind) for found in rounds) for kind in ("cpu", "wall"))
        ratio = statistics.median(found[name].cpu / found[base].cpu for found in rounds)
        goal = f"{GOALS[name]:.2f}" if name in GOALS else ""
        lines.append(f"{name:<26}{cpu:>8.2f}{wall:>8.2f}{ratio:>10.2f}{goal:>7}")
    return "\n".join(lines)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", default="1.25.14", help="which release; not the one of the go on PATH")
    parser.add_argument("--upgrade", default="1.25.11", help="the patch release that is there before it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--program", default=str(Path(sys.executable).with_name("gosteward")))
    parser.add_argument("--directory", default="", help="where to work, for the file system there; default: memory")
    parser.add_argument("--engines", default="", help="directory with packages to inflate by: isal, zlib-ng")
    parser.add_argument("--peers", default="", help="directory with other programs")
    parser.add_argument("--scratch", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if os.geteuid():
        sys.exit("needs root, for mounts of its own")
    if not options.scratch:
        isolate(options.directory)
    setting = subprocess.run(["go", "env", "GOPROXY"], capture_output=True, text=True, check=True).stdout
    with tempfile.TemporaryDirectory(dir=options.scratch) as made:
        scratch = Path(made)
        (scratch / "tls").mkdir()
        with mirror(setting.strip().partition(",")[0].partition("|")[0], scratch / "tls") as served:
            bench = Bench(options, scratch, served)
            counted = bench.log_requests()  # and the mirror has everything by then
            rounds = [bench.round() for _ in range(options.rounds)]
    place = options.directory or "memory"
    print(
        f"go{options.version} (upgrade from {options.upgrade}), in {place}, medians of {options.rounds} rounds; load {os.getloadavg()[0]:.1f}"
    )
    print(table(rounds))
    print("\n".join(counted))
    return 0


if __name__ == "__main__":
    sys.exit(main())
