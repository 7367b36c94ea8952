"""Halves of surrogate pairs, put together again.

JSON may carry U+1F600 as two escapes, and a server that cuts its text into chunks by UTF-16
units puts each half into a chunk of its own. A half that stays alone is kept: whoever writes it
out decides how.
"""


def join_surrogates(text: str) -> str:
    """Return `text` with each pair of surrogates replaced by the character it stands for."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def utf8_bytes(text: str) -> bytes:
    """Return UTF-8, with U+FFFD for each surrogate that stayed alone: UTF-8 has none."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode("utf-8")


class SurrogateJoiner:
    """Joins the halves over the pieces of a streamed text; only a high half is held back."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Return the joined text as far as it is decided."""
        if text.isascii() and not self._held:
            return text
        text, self._held = self._held + text, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._held = text[:-1], text[-1]
        return join_surrogates(text)

    def flush(self) -> str:
        """Return what was held back; the text is over."""
        text, self._held = self._held, ""
        return text
