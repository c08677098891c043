"""One task a file: each takes what it needs and returns a `TaskResult`."""
