"""The index: immutable segments partitioned by patient, the views of one patient, and the embedding back ends.

Read with `vectorstore.store.Store`, write with `vectorstore.writer.IndexWriter`.
"""
