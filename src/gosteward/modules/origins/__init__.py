"""Where files of modules come from."""
