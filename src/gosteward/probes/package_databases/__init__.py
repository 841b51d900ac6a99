"""Databases of package managers, read as files."""
