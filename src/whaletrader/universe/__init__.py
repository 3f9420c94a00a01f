"""Who is skilled: ledger, follower returns, scores, over whole tables."""
