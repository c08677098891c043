"""Which facts of the ledger the summaries tell, printed: the quick look of whoever works on the lists."""
