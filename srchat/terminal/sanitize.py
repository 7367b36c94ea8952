r"""Makes text harmless for a terminal. Pure.

All text from outside (answers, error messages, model names, titles) is sanitized before it is
written to a terminal. Characters that a terminal interprets are made visible: ESC as `\x1b`, a bidi
override as `\u202e`.

Replaced are C0 controls except newline and tab, DEL, C1 controls (a terminal may read U+009B as
CSI), line and paragraph separators, bidi embeddings, overrides and isolates (Unicode TR 9,
"Trojan Source"), interlinear annotations, unpaired surrogates, and characters that hide text: tag
characters, the variation selectors U+E0100 to U+E01EF, invisible operators, byte order marks.
CR LF becomes a newline.
"""

import re
from typing import Final

_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2061-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)


def hidden_characters() -> dict[str, str]:
    """Return the unsafe characters above U+009F and their replacements."""
    codes = [*range(0x2028, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE01F0)]
    found = filter(None, (_UNSAFE.match(chr(code)) for code in codes))
    return {match[0]: _visible(match) for match in found}


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


class Sanitizer:
    """Sanitizes streamed text. The output does not depend on where it is cut.

    Only a trailing CR is held back, because LF may follow.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Return the sanitized text, except for a trailing CR."""
        if self._held:
            text, self._held = self._held + text, ""
        if _UNSAFE.search(text) is None:
            return text
        if text[-1] == "\r":
            text, self._held = text[:-1], "\r"
        return _UNSAFE.sub(_visible, text.replace("\r\n", "\n"))

    def flush(self) -> str:
        """Return the held-back CR at the end of the text."""
        text, self._held = self._held, ""
        return _UNSAFE.sub(_visible, text)


def sanitized(text: str) -> str:
    """Return `text` sanitized."""
    sanitizer = Sanitizer()
    return sanitizer.feed(text) + sanitizer.flush()


def one_line(text: str, limit: int = 300) -> str:
    """Return `text` sanitized on one line, truncated to `limit` characters with an ellipsis."""
    line = sanitized(" ".join(text.split()))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
