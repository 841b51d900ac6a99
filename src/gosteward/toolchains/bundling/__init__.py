"""Bundles for places without a network."""
