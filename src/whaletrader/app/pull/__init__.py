"""`whaletrader data pull`: fetch the venue's public history page by page, resumable after any death."""
