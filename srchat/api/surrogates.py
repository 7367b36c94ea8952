"""Joins surrogate pairs that were split. Pure.

JSON may contain U+1F600 as two escapes, and a server that cuts text by UTF-16 units sends each half
in its own chunk. A half without its partner is kept until the text is written.
"""


def join_surrogates(text: str) -> str:
    """Return `text` with each surrogate pair replaced by its character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def utf8_bytes(text: str) -> bytes:
    """Return `text` in UTF-8, with U+FFFD for each lone surrogate."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode("utf-8")


class SurrogateJoiner:
    """Joins surrogate pairs that are split across pieces of text."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Return the joined text, except for a trailing high half."""
        if text.isascii() and not self._held:
            return text
        text, self._held = self._held + text, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._held = text[:-1], text[-1]
        return join_surrogates(text)

    def flush(self) -> str:
        """Return the held-back half at the end of the text."""
        text, self._held = self._held, ""
        return text
