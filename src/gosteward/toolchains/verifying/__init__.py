"""A tree on the host against what the log says, and by running it."""
