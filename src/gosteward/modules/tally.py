"""What a proxy has done since it began, counted: for metrics and the status page."""

from __future__ import annotations


class Tally:
    """Counts, which only grow. One event loop changes them.

    Attributes:
        held, stored: files given from memory, and from the store.   missed: asked for and not there; clients, not transfers.
        refused: by the policy.
    """

    def __init__(self) -> None:
        self.held = self.stored = self.missed = self.refused = 0
