"""Looking after a store of modules while it is served: filling, carrying, checking and emptying it."""
