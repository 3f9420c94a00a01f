"""The venue itself: Polymarket's REST, WebSockets and chain, behind our ports."""
