"""Conversations on disk: kept while they happen, found again, carried elsewhere."""
