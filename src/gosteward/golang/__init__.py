"""Languages that Go reads and writes: versions, go.mod and its relatives, settings, module paths, build information. Pure."""
