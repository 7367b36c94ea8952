"""Converts texts to SQL parameters and back, exactly: NUL and lone surrogates are kept. Pure."""


def sql_text(text: str | None) -> str | bytes | None:
    """Return text as a parameter for `CAST(? AS TEXT)`, which preserves lone surrogates."""
    return text if text is None or text.isascii() else text.encode("utf-8", "surrogatepass")


def decoded_text(data: bytes) -> str:
    """Return the text in a column. Invalid UTF-8 becomes U+FFFD."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")
