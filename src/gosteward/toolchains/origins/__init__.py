"""Where releases and the files of the log come from: settings, servers, directories, bundles."""
