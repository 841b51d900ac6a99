"""An archive, fetched and proved."""
