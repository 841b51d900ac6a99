"""The doors to the operating system: reading, accounts, and starting processes."""
