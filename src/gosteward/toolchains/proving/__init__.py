"""What proves a release: digests, signatures, the transparency log."""
