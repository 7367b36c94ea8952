"""Numbers with their nouns. Pure."""


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, in singular or plural: "1 turn", "2,000 turns"."""
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
