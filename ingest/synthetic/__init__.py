"""Synthetic charts: lives are simulated first, notes are written from them, and a ledger says what is true where."""
