"""Tables of what is known about Go and the hosts that it runs on: pure, each with its date and its sources."""
