"""The wire contract: every message declared once, its envelope, its codecs."""
