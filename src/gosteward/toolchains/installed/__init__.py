"""What is on the host: trees, links, drop-ins, and how they are changed."""
