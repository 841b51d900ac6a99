"""Seconds from a broken host to a working, proved one: `gosteward doctor --fix --yes` over the fault lab, paired with `doctor` alone.

    make bench        or: .venv/bin/python bench/repair.py [--tool dist/gosteward.pyz] [SCENARIO ...]

Each scenario is a host of its own, on which `doctor` runs first and `doctor --fix --yes` right after it; one scenario at a time, as root.
Printed are medians over all scenarios with something to repair, the median of the ratios within each pair, and the share of the phases as
the tool itself reports them: the first examination, the changes, and the proof (examinations after the changes). What is missing to the
whole is the start of the process. Goals: 1.5 s, and 3 times the doctor alone.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
PHASES = ("examination", "changes", "proof")


def lab(tool: Path, scenarios: list[str]) -> list[dict[str, object]]:
    """What the lab says about each scenario that a tool can repair."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "lab.json"
        command = [TOP / "tests/lab/lab.py", "run", "--tool", tool, "-j", "1", "--json", out, *scenarios]
        subprocess.run(list(map(str, command)), check=False, stdout=subprocess.DEVNULL)
        rows = json.loads(out.read_text())["scenarios"]
    return [row for row in rows if row["repair"] == "ok" and row["phases"].get("proof")]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", type=Path, default=TOP / "dist/gosteward.pyz")
    parser.add_argument("scenarios", nargs="*")
    options = parser.parse_args()
    rows = lab(options.tool, options.scenarios)
    if not rows:
        print(
            "no scenario was repaired: is the lab's image there (tests/lab/lab.py image), and are you root?",
            file=sys.stderr,
        )
        return 1
    fixes = [row["fix_s"] for row in rows]
    ratios = [row["fix_s"] / row["doctor_s"] for row in rows]
    print(f"scenarios repaired      {len(rows)}")
    print(f"doctor alone            median {statistics.median(row['doctor_s'] for row in rows):.2f} s")
    print(
        f"doctor --fix --yes      median {statistics.median(fixes):.2f} s, slowest {max(fixes):.2f} s (goal: median 1.5 s)"
    )
    print(f"against doctor alone    {statistics.median(ratios):.2f} x (goal: 3 x)")
    for phase in PHASES:
        share = statistics.median(row["phases"][phase] / row["fix_s"] for row in rows)
        print(f"  {phase:<14} {100 * share:5.1f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
