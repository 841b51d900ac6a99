"""Releases and vulnerabilities as of a day."""
