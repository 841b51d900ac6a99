"""What the tests need besides Python packages: install it where that is allowed, say exactly what is missing where it is not.

/usr/bin/python3 tools/test_prerequisites.py      (standard library only; exit code 1 where something is missing)
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

# program -> Debian package
NEEDED = {
    "zsh": "zsh", "fish": "fish", "dash": "dash", "ksh": "ksh", "mksh": "mksh", "tcsh": "tcsh", "csh": "tcsh", "sudo": "sudo", "sshd": "openssh-server", "crontab": "cron", "setfacl": "acl",
    "setfattr": "attr", "git": "git", "gcc": "gcc", "openssl": "openssl", "debootstrap": "debootstrap", "unshare": "util-linux",
    "getent": "libc-bin", "go": "golang-go", "xz": "xz-utils", "strace": "strace", "chattr": "e2fsprogs", "gpg": "gnupg", "gpgv": "gpgv", "patch": "patch", "nginx": "nginx", "redis-server": "redis-server", "systemd-analyze": "systemd",
    "chromium-headless-shell": "chromium-headless-shell",
}  # fmt: skip
FOUND_IN = "/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def missing() -> dict[str, str]:
    """Programs that are not there, with their packages."""
    path = f"{os.environ.get('PATH', '')}:{FOUND_IN}"
    return {program: package for program, package in NEEDED.items() if not shutil.which(program, path=path)}


def install(packages: list[str]) -> None:
    """apt-get, without questions."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "-qq", "update"], check=False, env=environment)
    command = ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", *packages]
    subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)


def main() -> int:
    """Exit code 0 when everything is there."""
    lacking = missing()
    if lacking and os.geteuid() == 0 and shutil.which("apt-get"):
        install(sorted(set(lacking.values())))
        lacking = missing()
    if lacking:
        print("the tests need programs that are not here:", file=sys.stderr)
        for program, package in lacking.items():
            print(f"  {program}  (Debian package {package})", file=sys.stderr)
        print(f"hint: as root: apt-get install {' '.join(sorted(set(lacking.values())))}", file=sys.stderr)
        return 1
    if os.geteuid() != 0:
        print("the fault lab and the tests of other users' shells need root: run `sudo make test`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
