"""Files that follow from the code are up to date (`make docs`)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="argparse words its help differently in each Python; 3.11 writes the files"
)
def test_completions_man_page_and_index_of_rules_are_up_to_date() -> None:
    ran = subprocess.run(
        [sys.executable, TOP / "tools/generated_docs.py", "--check"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
