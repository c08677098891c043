"""The embedded model: taken out of its package, and served by vLLM."""
