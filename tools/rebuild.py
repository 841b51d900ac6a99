"""Build a real release from its logged sources with the command itself, and see that every file is the official one.

    make rebuild [VERSION=1.26.8]        10 to 20 minutes of CPU time, 2 GB of disk; needs a Go that can build it, or a module proxy

Nothing of it stays: cache, state and tree are below a directory that goes in the end. As root that takes a mount namespace.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time

SCRIPT = """set -e
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PLACE/cache" "$PLACE/lib"
    mount --bind "$PLACE/cache" /var/cache
    mount --bind "$PLACE/lib" /var/lib
fi
"$PYTHON" -m gosteward build "$VERSION" --root "$PLACE/root" --no-links --format json > "$PLACE/built.json"
"$PYTHON" -m gosteward verify "$PLACE/root/current" --root "$PLACE/root" > "$PLACE/verified"
"""


def main(version: str) -> int:
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as place:
        os.chmod(place, 0o755)
        environment = {
            **os.environ, "PLACE": place, "PYTHON": sys.executable, "VERSION": version, "XDG_CACHE_HOME": f"{place}/cache",
            "XDG_STATE_HOME": f"{place}/state", "PYTHONSAFEPATH": "1",
        }  # fmt: skip
        command = ("unshare", "-m", "bash", "-c", SCRIPT) if os.geteuid() == 0 else ("bash", "-c", SCRIPT)
        begun = time.monotonic()
        ran = subprocess.run(command, env=environment, check=False)
        wall, used = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        if ran.returncode:
            return ran.returncode
        with open(f"{place}/built.json") as file:
            built = json.load(file)
        kinds = [proof["kind"] for proof in built["proofs"]]
        with open(f"{place}/verified") as file:
            print(file.read())
        print(
            f"{built['version']} by {', '.join(built['built_by'])}: {built['identical_files']} files are the official ones ({', '.join(kinds)})"
        )
        print(
            f"{wall:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of CPU time, largest process {used.ru_maxrss / 1024:.0f} MB"
        )
        return 0 if kinds == ["log", "rebuilt"] and built["identical_files"] > 10_000 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2] or ["1.26.8"]))
