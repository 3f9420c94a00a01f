"""Figures and pages, shared by web, backtest and score."""
