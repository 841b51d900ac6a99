"""What `gosteward proxy` can do, a file for each."""
