"""Go toolchains: where they come from, what proves them, where they are put, and how they are put there."""
