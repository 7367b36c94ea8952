"""Stored conversations: saved while they happen, searched, exported and imported."""

from typing import Final

LOCK_TIMEOUT: Final = 5.0  # seconds to wait for another process
