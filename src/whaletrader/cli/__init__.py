"""The `whaletrader` command."""
