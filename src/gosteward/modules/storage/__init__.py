"""Where files of modules are kept."""
