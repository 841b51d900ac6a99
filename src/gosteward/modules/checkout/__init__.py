"""Modules out of version control: the go command checks them out, in an environment and with rights of their own."""
