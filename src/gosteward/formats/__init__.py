"""Formats of the host that probes read: ELF, access control lists, certificates, git and netrc files, limits. Pure."""
