"""`make run`: everything on one machine, started together and ended together."""
