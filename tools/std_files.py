"""Write src/gosteward/knowledge/std_files.py: which Go releases have which source files of the standard library.

python3 tools/std_files.py GOROOT... > src/gosteward/knowledge/std_files.py

One tree per minor release at least; several of one minor count together, and a file is said to have come with a release only
if every tree of that minor has it (security fixes bring files into several releases at once).
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

HEAD = '''"""Which Go releases have which source files of the standard library, for those files that not every release has.

Written by tools/std_files.py from the releases in TREES. Only directories that change often are listed: two releases that lie
one minor version apart differ in several of their files.
"""

from __future__ import annotations

TREES = "{releases}"
OLDEST = {oldest}
NEWEST = {newest}

# Directory: first and last minor version ("20-24"; "-24": also before OLDEST, "20-": also in NEWEST): names of files.
FILES = {{
'''
TAIL = '''}


def minors(directory: str) -> dict[str, tuple[int, int]]:
    """First and last minor version (0 and 999 where the end is open) of each file of a listed directory that came or went."""
    found = {}
    for span, names in FILES.get(directory, {}).items():
        first, _, last = span.partition("-")
        for name in names.split():
            found[name] = (int(first or 0), int(last or 999))
    return found
'''
DIRECTORIES = (
    "src/runtime",
    "src/internal/goexperiment",
    "src/internal/abi",
    "src/internal/poll",
    "src/internal/syscall/unix",
    "src/math",
    "src/net",
    "src/net/http",
    "src/os",
    "src/reflect",
    "src/sort",
    "src/strconv",
    "src/sync",
    "src/syscall",
    "src/time",
    "src/crypto/aes",
    "src/crypto/cipher",
    "src/crypto/rand",
    "src/crypto/sha256",
    "src/crypto/sha512",
    "src/crypto/subtle",
    "src/crypto/x509",
    "src/runtime/internal/atomic",
    "src/runtime/internal/sys",
)


def main(roots: list[Path]) -> None:
    """Print the table."""
    trees: dict[int, list[Path]] = defaultdict(list)
    for root in roots:
        trees[int(_version(root).split(".")[1])].append(root)
    numbers = sorted(trees)
    releases = " ".join(_version(root) for number in numbers for root in trees[number])
    sys.stdout.write(HEAD.format(releases=releases, oldest=numbers[0], newest=numbers[-1]))
    for directory in DIRECTORIES:
        spans = _spans(directory, trees, numbers)
        sys.stdout.write(f'    "{directory}": {{\n')
        for span, names in sorted(spans.items()):
            sys.stdout.write(f'        "{span}": "{" ".join(sorted(names))}",\n')
        sys.stdout.write("    },\n")
    sys.stdout.write(TAIL)


def _version(root: Path) -> str:
    return (root / "VERSION").read_text().split()[0]


def _spans(directory: str, trees: dict[int, list[Path]], numbers: list[int]) -> dict[str, list[str]]:
    some = {n: set.union(*(_names(r / directory) for r in trees[n])) for n in numbers}
    every = {n: set.intersection(*(_names(r / directory) for r in trees[n])) for n in numbers}
    spans: dict[str, list[str]] = defaultdict(list)
    for name in set().union(*some.values()):
        present = [n for n in numbers if name in some[n]]
        first, last = present[0], present[-1]
        steady = present == [n for n in numbers if first <= n <= last]
        always = first == numbers[0] and last == numbers[-1]
        if steady and not always and name in every[first]:
            spans[f"{first if first > numbers[0] else ''}-{last if last < numbers[-1] else ''}"].append(name)
    return spans


def _names(directory: Path) -> set[str]:
    if not directory.is_dir():
        return set()
    return {
        p.name
        for p in directory.iterdir()
        if p.suffix in (".go", ".s") and not p.name.endswith("_test.go") and p.name[0] != "z"
    }


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
