"""The checksum database as its clients see it: signatures, tree heads, proofs, tiles, lookups. Pure: what is asked of a server comes in as a function."""
