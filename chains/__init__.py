"""Retrieve, then summarize: from a request and one chart to verified statements."""

from chains.evidence import ChainInput
from chains.summary_chain import SummaryChain, build_chain

__all__ = ["ChainInput", "SummaryChain", "build_chain"]
