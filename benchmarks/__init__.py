"""Measurements of our own code beside a peer's, in one run on one machine; `benchmarks/run.py` runs them all."""
