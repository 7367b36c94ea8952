"""Conversations on disk: kept while they happen, found again, carried elsewhere."""

from typing import Final

PATIENCE: Final = 5.0  # seconds that a command may wait for others that use the history
