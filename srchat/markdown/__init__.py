"""Markdown rendered while it streams: finished rows once, the open tail again and again."""
