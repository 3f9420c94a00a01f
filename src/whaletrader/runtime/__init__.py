"""Scheduler, log, effects and projections: the code that does."""
