"""Adapters that live in this process and forget."""
