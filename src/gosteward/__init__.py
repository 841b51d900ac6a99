"""gosteward makes a Go toolchain on a Linux host work, proves it, and keeps it so."""

__version__ = "0.1.0"
