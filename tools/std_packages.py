"""Write src/gosteward/knowledge/std_packages.py from GOROOT/api: which Go release brought each package of the standard library.

python3 tools/std_packages.py /usr/local/go > src/gosteward/knowledge/std_packages.py
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HEAD = '''"""Which Go release brought each package of the standard library, from Go {first} on; older ones are in every Go.

Written by tools/std_packages.py from GOROOT/api/go1.*.txt of {newest}. Packages that have no API of their own are missing there.
"""

from __future__ import annotations

NEWEST = "{newest}"

SINCE = {{
'''
TAIL = '''}


def since(package: str) -> str:
    """Release that brought a package, "1.21"; "" for one that every supported reader has, or that is not known."""
    return SINCE.get(package, "")
'''
FIRST = 8
# In every Go, though without an API of its own until later: `import _ "runtime/cgo"` is no sign of a newer Go.
OLDER = ("runtime/cgo",)


def packages(api: Path) -> set[str]:
    """Import paths that an API file names."""
    return set(re.findall(r"^pkg ([^ ,]+)", api.read_text(), re.MULTILINE))


def main(goroot: Path) -> None:
    """Print the table."""
    known: set[str] = packages(goroot / "api/go1.txt") | set(OLDER)
    numbers = sorted(int(p.stem[4:]) for p in (goroot / "api").glob("go1.*.txt"))
    table: dict[str, int] = {}
    for number in numbers:
        fresh = packages(goroot / f"api/go1.{number}.txt") - known
        known |= fresh
        table.update(dict.fromkeys(fresh, number))
    newest = goroot.joinpath("VERSION").read_text().split()[0]
    sys.stdout.write(HEAD.format(first=f"1.{FIRST}", newest=newest))
    for package, number in sorted(table.items()):
        if number >= FIRST and "internal" not in package.split("/"):
            sys.stdout.write(f'    "{package}": "1.{number}",\n')
    sys.stdout.write(TAIL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
