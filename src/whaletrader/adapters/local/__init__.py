"""Adapters on the local machine: clock, keys, files."""
