"""Adapters on SQLite files."""
