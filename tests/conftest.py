"""For all tests: hypothesis looks for wrong answers, not for slow machines; other accounts get to what tests make for them; SIGINT interrupts."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pathlib import Path

settings.register_profile("no-clock", deadline=None)
settings.load_profile("no-clock")

# A shell without job control starts what it puts in the background with SIGINT ignored, and every process below inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _way_for_other_accounts(tmp_path_factory: pytest.TempPathFactory) -> None:
    """pytest makes its directories for one account alone."""
    place: Path = tmp_path_factory.getbasetemp()
    for directory in (place, *place.parents):
        mode = directory.stat().st_mode
        if not mode & 0o001:
            directory.chmod(mode & 0o7777 | 0o011)
