"""Write src/gosteward/knowledge/advisory_table.py: the vulnerabilities of Go's own distribution, from a vulnerability database.

python3 tools/advisories.py SOURCE TIME > new.py       (then move it over the table)

SOURCE: a checkout of golang/vulndb (data/osv), or a directory in the form of that database (index/*.json, ID/*.json).
TIME: of the state that it shows, UTC, "2026-11-05T23:49:57Z": of the commit; a database says it itself, "-" then.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from gosteward.golang import advisories
from gosteward.knowledge.release_data import line_of

HEAD = '''"""Vulnerabilities of Go's own distribution on Linux, as the Go vulnerability database has them. Written by tools/advisories.py.

One in a line: id, CVE numbers, packages, ranges INTRODUCED:FIXED; "-" for none. Read by `release_data`.

Source: golang/vulndb, data/osv (the database is licensed under CC BY 4.0; titles and descriptions are not taken over).
"""

from __future__ import annotations

AS_OF = "{as_of}"
TABLE = """\\
'''


def main(source: Path, time: str) -> int:
    """Exit code 0; whatever is wrong with an entry ends the run with that."""
    if (source / "index/db.json").exists():
        time = advisories.modified((source / "index/db.json").read_bytes())
        ids = [line.id for line in advisories.listed((source / "index/modules.json").read_bytes())]
        files = [source / "ID" / f"{id_}.json" for id_ in ids]
    else:
        files = sorted((source / "data/osv").glob("GO-*.json"))
    found = [advisories.parse(file.read_bytes()) for file in files]
    ours = sorted((one for one in found if one.ranges), key=lambda one: [int(n) for n in one.id.split("-")[1:]])
    sys.stdout.write(HEAD.format(as_of=advisories.time_of(time, "TIME")))
    sys.stdout.write("".join(f"{line_of(one)}\n" for one in ours) + '"""\n')
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
