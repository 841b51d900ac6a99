"""Modules of Go for others: what is asked of a proxy, who may have it, where it comes from and where it is kept."""
