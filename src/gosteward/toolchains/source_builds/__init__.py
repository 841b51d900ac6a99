"""Go built from source."""
