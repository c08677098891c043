"""The store at full size: parts of `make bench-store`."""
