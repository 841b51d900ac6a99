"""Fuzzing of everything that reads text or bytes which somebody else has written."""
