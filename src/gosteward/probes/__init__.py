"""Probes: each reads one subject of a host and returns facts; what it could not read becomes a gap."""
