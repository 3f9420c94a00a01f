"""Whale Trader: the truth about copyable edge on Polymarket, and a machine that copies it under an absolute veto."""

__version__ = "0.1.0"
