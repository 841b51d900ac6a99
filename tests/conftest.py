"""For all tests: hypothesis looks for wrong answers, not for slow machines."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("no-clock", deadline=None)
settings.load_profile("no-clock")
