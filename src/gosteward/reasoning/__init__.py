"""Questions that several rules ask of a Snapshot: what a context sees, who suffers, what would repair it. Pure."""
