"""Renders Markdown while it streams: final rows are printed once, the rest is redrawn."""
