#!/usr/bin/python3 -I
"""Prove the README: a fresh Debian root, the prerequisites that it names, a clone of this checkout, and its two commands.

    sudo tools/newcomer.py [--keep] [COMMAND...]      COMMAND: one of the two, default both

The root has this machine's package sources, certificates and name resolution, and nothing else of it but the lab's image, if one was
built here already: that takes four minutes, and is what the first `make test` of a machine does.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
# What belongs to the machine's network, not to its state. Files that are not there are left out.
NETWORK = (
    "etc/resolv.conf", "etc/hosts", "etc/ssl/certs/ca-certificates.crt", "etc/pip.conf", "etc/apt/sources.list",
    "etc/apt/sources.list.d", "etc/apt/apt.conf.d", "etc/apt/auth.conf.d", "etc/apt/keyrings", "etc/apt/trusted.gpg.d",
    "usr/local/share/ca-certificates",
)  # fmt: skip
PASSED = re.compile(r"(?i)^(PIP_|GOPROXY$|GONOSUMDB$|GOSUMDB$|https?_proxy$|no_proxy$)")


def prerequisites() -> list[str]:
    """The packages of the README's `apt-get install` line."""
    match = re.search(r"^\s*apt-get install (.+)$", (TOP / "README.md").read_text(), re.MULTILINE)
    if not match:
        sys.exit("README.md names no prerequisites")
    return [word for word in match[1].split() if not word.startswith("-")]


def commands() -> list[str]:
    """The README's `make` commands, in order."""
    found = re.findall(r"^make \w+$", (TOP / "README.md").read_text(), re.MULTILINE)
    return list(dict.fromkeys(found))


def mirror() -> str:
    """The Debian mirror of this machine's apt."""
    form = "$(SITE) $(ORIGIN) $(CODENAME)"
    command = ["apt-get", "indextargets", "--format", form, "Created-By: Packages"]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        site, origin, codename = [*line.split(), "", "", ""][:3]
        if origin == "Debian" and codename == "bookworm":
            return site
    sys.exit("apt names no Debian mirror")


def build(root: Path) -> None:
    """debootstrap, this machine's network, and a clone."""
    run(["debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", str(root), mirror()])
    for name in NETWORK:
        source, target = Path("/") / name, root / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    if not (Path("/etc/apt/sources.list").exists()):
        (root / "etc/apt/sources.list").unlink(missing_ok=True)
    run(["git", "clone", "--quiet", "--no-hardlinks", str(TOP), str(root / "root/gosteward")])


def run(command: list[str]) -> None:
    """Show and run; the end of the whole where it fails."""
    ran = subprocess.run(command, check=False, stdin=subprocess.DEVNULL)
    if ran.returncode:
        sys.exit(f"newcomer: exit code {ran.returncode}: {' '.join(command)[-2000:]}")


# A mount namespace whose root really is the new root: in a mere chroot the kernel refuses namespaces to the sandbox and to the lab.
ENTER = """
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mkdir -p .outside
if [ -d /var/cache/faultlab ]; then
    mkdir -p var/cache/faultlab
    mount --bind /var/cache/faultlab var/cache/faultlab
fi
pivot_root . .outside
exec chroot . /usr/bin/env -i "${@:3}" /bin/bash -euc "$2"
"""
INSIDE = """
umount -l /.outside
rmdir /.outside
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /dev
for node in 'null 1 3' 'zero 1 5' 'full 1 7' 'random 1 8' 'urandom 1 9' 'tty 5 0'; do
    set -- $node
    mknod -m 666 /dev/$1 c $2 $3
done
mkdir /dev/pts /dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
cd /root
"""


def inside(root: Path, script: str) -> None:
    """A shell in the root: own processes and mounts, and an environment from nothing."""
    passed = [
        f"{name}={value}" for name, value in os.environ.items() if PASSED.match(name) and name != "PIP_FIND_LINKS"
    ]
    environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", "TERM=dumb", *passed]
    wrapped = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "/bin/bash", "-euc", ENTER, "enter", str(root)]
    run([*wrapped, INSIDE + script, *environment])


def main() -> None:
    """Exit code 0 when the commands did what the README says."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--keep", action="store_true", help="keep the root")
    options.add_argument("commands", metavar="COMMAND", nargs="*", help="what to type (default: the README's two)")
    asked = options.parse_args()
    keep, typed = asked.keep, asked.commands or commands()
    unknown = set(typed) - set(commands())
    if unknown:
        sys.exit(f"newcomer: the README does not have: {', '.join(sorted(unknown))}")
    root = Path(tempfile.mkdtemp(prefix="newcomer-", dir="/var/tmp"))
    root.chmod(0o755)
    try:
        build(root)
        inside(
            root,
            f"apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends {' '.join(prerequisites())} >/dev/null",
        )
        for command in typed:
            print(f"newcomer: {command}", flush=True)
            inside(root, f"cd gosteward; {command}")
    finally:
        if keep:
            print(f"kept: {root}")
        else:
            shutil.rmtree(root, ignore_errors=True)
    print(f"newcomer: works in a fresh Debian as the README says: {', '.join(typed)}")


if __name__ == "__main__":
    main()
