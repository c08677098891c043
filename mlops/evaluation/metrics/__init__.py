"""What is measured on a summary against the ledger, one family of metrics a file."""
