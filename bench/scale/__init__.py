"""docs/scale.md: its tables and plots, made from what was measured."""
