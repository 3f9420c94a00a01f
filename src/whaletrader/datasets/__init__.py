"""Canonical tables, importers, verification and the market simulator."""
