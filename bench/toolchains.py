"""Installing and verifying a release, paired with what people do without gosteward. CPU seconds of all processes, medians of interleaved rounds.

    .venv/bin/python bench/toolchains.py [--version 1.25.14] [--upgrade 1.25.11] [--rounds 3] [--program gosteward]      (root; network)

    go            `GOTOOLCHAIN=goVERSION go version` with an empty module cache: fetches, verifies and unpacks the same zip
    install       `gosteward install VERSION`, nothing cached: the same, and the proof of the log, links, journal
    again         the same with the archive in the cache: no transfer
    patch         `gosteward install VERSION` beside UPGRADE, of which it shares files; the archive in the cache
    sha256+tar    `sha256sum` and `tar xzf` of an archive with the same files, which is here already
    verify        `gosteward verify --files-only` of the tree
    sha256 all    `find -type f | xargs sha256sum` of the tree

Everything happens in mounts of its own, in memory; what is left is in a directory that is removed. Goals: install 0.50 x of go (0.40 x with
isal), patch 0.20 x of go, verify 0.6 s.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PLACES = ("/var/lib/gosteward", "/var/cache/gosteward", "/opt/go")


def spent(command: list[str], **environment: str) -> float:
    """CPU seconds of a command and all that it starts. Ends the program if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"{' '.join(command)}: exit code {ran.returncode}\n{ran.stdout}{ran.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def isolate() -> None:
    """Start again in a mount namespace in which every place that is written to is empty and in memory."""
    mounts = " && ".join(f"mkdir -p {place} && mount -t tmpfs -o mode=0755 tmpfs {place}" for place in PLACES)
    command = ["unshare", "--mount", "sh", "-c", f'{mounts} && exec "$@"', "sh", sys.executable, *sys.argv, "--inside"]
    sys.exit(subprocess.run(command, check=False).returncode)


def emptied() -> None:
    """As on a host that has never seen gosteward."""
    for place in PLACES:
        for path in Path(place).iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def round_of(options: argparse.Namespace, scratch: Path) -> dict[str, float]:
    """One round of everything."""
    version, install = options.version, [options.program, "install", "--no-links"]
    tree = f"/opt/go/go{version}"
    found = {}
    modules = scratch / "modules"
    cache = {"GOMODCACHE": str(modules), "GOPATH": str(scratch / "gopath"), "GOFLAGS": "-modcacherw", "GOENV": "off"}
    found["go"] = spent(["go", "version"], GOTOOLCHAIN=f"go{version}", **cache)
    shutil.rmtree(modules)
    emptied()
    found["install"] = spent([*install, version])
    found["verify"] = spent([options.program, "verify", "--files-only", "--offline", tree])
    found["sha256 all"] = spent(["sh", "-c", f"find {tree} -type f -print0 | xargs -0 sha256sum"])
    archive = scratch / "go.tar.gz"
    if not archive.exists():
        subprocess.run(["tar", "czf", archive, "-C", "/opt/go", f"go{version}"], check=True)
    (scratch / "tar").mkdir()
    found["sha256+tar"] = spent(["sh", "-c", f"sha256sum {archive} && tar xzf {archive} -C {scratch}/tar"])
    shutil.rmtree(scratch / "tar")
    shutil.rmtree("/opt/go/.installed")
    shutil.rmtree(tree)
    found["again"] = spent([*install, version])
    shutil.rmtree("/opt/go/.installed")
    shutil.rmtree(tree)
    subprocess.run([*install, options.upgrade], check=True, capture_output=True)
    found["patch"] = spent([*install, version])
    emptied()
    return found


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", default="1.25.14", help="which release; not the one of the go on PATH")
    parser.add_argument("--upgrade", default="1.25.11", help="the patch release that is there before it")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--program", default=str(Path(sys.executable).with_name("gosteward")))
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if os.geteuid():
        sys.exit("needs root, for mounts of its own")
    if not options.inside:
        isolate()
    in_memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=in_memory) as scratch:
        rounds = [round_of(options, Path(scratch)) for _ in range(options.rounds)]
    print(
        f"go{options.version}, {options.rounds} rounds, medians           CPU s   x go (median of the ratios within a round)"
    )
    for name in rounds[0]:
        ratio = statistics.median(found[name] / found["go"] for found in rounds)
        print(f"{name:<28} {statistics.median(found[name] for found in rounds):9.2f} {ratio:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
