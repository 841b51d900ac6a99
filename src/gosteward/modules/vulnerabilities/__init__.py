"""A copy of a vulnerability database: for clients, and for what a policy says."""
