"""The command line: words in, one call, an exit code out. One module per command, loaded only when it is asked for."""
