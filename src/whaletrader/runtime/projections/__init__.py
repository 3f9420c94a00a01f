"""Read models folded from the recorded messages; each may be thrown away and built again from the log."""
