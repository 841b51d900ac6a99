"""A store that several proxies share: in S3, or in a directory that all of them have mounted."""
