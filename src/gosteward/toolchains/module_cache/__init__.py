"""GOMODCACHE against the log."""
