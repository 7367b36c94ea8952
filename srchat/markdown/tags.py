"""Renders the HTML tags that models use: complete pairs as styles, all others as text. Pure.

The tags are `<b>`, `<strong>`, `<i>`, `<em>`, `<kbd>`, `<sub>`, `<sup>`, `<br>`, and `<details>`
with its `<summary>`. A pair must be complete within one paragraph, heading or cell, without
attributes and without blanks next to its content, so that a sentence about `<b> and </b>` is shown
as written. Only `<details>` or `<details open>` at the start of a line and before its summary may
be closed in a later paragraph.
"""

import re
from collections import Counter
from typing import Any, Final, NamedTuple

from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType

_ELEMENTS: Final = {
    "b": "strong",
    "strong": "strong",
    "i": "em",
    "em": "em",
    "kbd": "kbd",
    "sub": "sub",
    "sup": "sup",
    "summary": "strong",
    "details": "",
}
NAMES: Final = tuple(_ELEMENTS)
# The only attribute; others could tell the reader something.
OPEN_ATTRIBUTE: Final = "(?:(?<=<details)[ ]open)?"
_TAG: Final = re.compile(rf"<(/?)({'|'.join(NAMES)}){OPEN_ATTRIBUTE}>", re.IGNORECASE)
_BREAK: Final = re.compile(r"<br ?/?> ?", re.IGNORECASE)
_LINE_END: Final = re.compile(r" *(?:\n|\Z)")
_TEXT: Final = ("text", "text_special")
# The key of the number of open <details> in markdown-it's environment.
_OPEN_DETAILS: Final = "details"

_SUBSCRIPTS: Final = dict(
    zip("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True)
)
_SUPERSCRIPTS: Final = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ",
        strict=True,
    )
)
SCRIPTS: Final = {"sub": _SUBSCRIPTS, "sup": _SUPERSCRIPTS}
# Tokens of a script; a longer one, or one with emphasis, is put in parentheses.
_MAX_SCRIPT: Final = 8
_NEEDS_NO_PARENTHESES: Final = re.compile(r"\w+|\[[^\[\]]*\]|\([^()]*\)")


class Script(NamedTuple):
    """How to show a sub- or superscript: the text around it, and a translation of its letters."""

    before: str = ""
    after: str = ""
    letters: dict[int, str] | None = None


def script(opening: Token, *, is_unicode: bool) -> Script:
    """Return how to show the script that `opening` begins, without losing a character."""
    inner, letters = opening.meta["inner"], SCRIPTS[opening.tag]
    if is_unicode and inner and letters.keys() >= set(inner):
        return Script(letters=str.maketrans(letters))
    mark = "_" if opening.tag == "sub" else "^"
    return Script(mark) if _NEEDS_NO_PARENTHESES.fullmatch(inner) else Script(f"{mark}(", ")")


def tag_rule(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - a rule of markdown-it
    """Parse `<br>`, or a tag as text that `pair_rule` may change."""
    if state.src[state.pos] != "<":
        return False
    if line_break := _BREAK.match(state.src, state.pos, state.posMax):
        if not silent:
            state.pending = state.pending.removesuffix(" ")
            state.push("hardbreak", "br", 0)
        state.pos = line_break.end()
        return True
    tag = _TAG.match(state.src, state.pos, state.posMax)
    if not tag:
        return False
    if not silent and _can_count(tag):
        token = state.push("text", "", 0)
        token.content = tag[0]
        token.meta = {"tag": tag[2].lower(), "closes": bool(tag[1])}
    elif not silent:
        state.pending += tag[0]
    state.pos = tag.end()
    return True


def _can_count(tag: re.Match[str]) -> bool:
    """Tell whether a tag is where markup would be, and not mentioned in a sentence."""
    text, start, end, name = tag.string, tag.start(), tag.end(), tag[2].lower()
    if name == "details":
        return bool(_LINE_END.match(text, end)) if tag[1] else _begins_line(text, start)
    if name == "summary":
        return True
    beside = text[start - 1 : start] if tag[1] else text[end : end + 1]
    return bool(beside.strip())


def _begins_line(text: str, start: int) -> bool:
    while start and text[start - 1] == " ":
        start -= 1
    return not start or text[start - 1] == "\n"


def pair_rule(state: StateInline) -> None:
    """Convert complete pairs of tags to tokens that open and close an element."""
    if "<" not in state.src:
        return
    tokens = state.tokens
    containers = [_Container(tokens)]
    for index, token in enumerate(tokens):
        if token.nesting == 1:
            containers.append(_Container(tokens))
        elif token.nesting == -1:
            containers.pop()
        elif "tag" in token.meta:
            containers[-1].add(index)
    if any(token.meta.get("tag") == "details" for token in tokens):
        tokens[:] = _unfolded(tokens, state.env)


class _Container:
    """The open tags in one container: emphasis, a link, the paragraph itself."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._open: list[int] = []
        self._counts: Counter[str] = Counter()

    def add(self, index: int) -> None:
        """Add a tag. If it closes another one, the tags opened in between stay text."""
        meta = self._tokens[index].meta
        name = meta["tag"]
        if not meta["closes"]:
            self._open.append(index)
            self._counts[name] += 1
        elif self._counts[name]:
            start = self._pop()
            while self._tokens[start].meta["tag"] != name:
                start = self._pop()
            if start + 1 < index:
                _pair(self._tokens, start, index)

    def _pop(self) -> int:
        start = self._open.pop()
        self._counts[self._tokens[start].meta["tag"]] -= 1
        return start


def _pair(tokens: list[Token], start: int, end: int) -> None:
    opening, closing, name = tokens[start], tokens[end], tokens[start].meta["tag"]
    if name == "details":
        opening.meta["vanishes"] = closing.meta["vanishes"] = True
        return
    if name == "summary" and not _is_summary(tokens, start):
        return
    inner = tokens[start + 1 : end] if end - start <= _MAX_SCRIPT else []
    is_text = all(token.type in _TEXT for token in inner)
    opening.meta["inner"] = "".join(token.content for token in inner) if is_text else ""
    tag = _ELEMENTS[name]
    opening.type, opening.tag, opening.nesting, opening.content = f"{tag}_open", tag, 1, ""
    closing.type, closing.tag, closing.nesting, closing.content = f"{tag}_close", tag, -1, ""


def _is_summary(tokens: list[Token], start: int) -> bool:
    """Tell whether <details> precedes the <summary> at `start`, and mark it as having one."""
    before = start - 1
    while before >= 0 and not tokens[before].content.strip() and tokens[before].nesting == 0:
        before -= 1
    meta = tokens[before].meta if before >= 0 else {}
    meta["has_summary"] = meta.get("tag") == "details" and not meta["closes"]
    return bool(meta["has_summary"])


def _unfolded(tokens: list[Token], env: EnvType) -> list[Token]:
    """Return `tokens` without real <details> tags, and each summary on a line of its own."""
    shown: list[Token] = []
    drops_break = False  # the removed tag was alone on its line
    for token in tokens:
        if drops_break and token.type == "softbreak":
            drops_break = False
        elif token.meta.get("tag") == "details" and _vanishes(token.meta, env):
            if token.meta["closes"] and shown and shown[-1].type == "softbreak":
                shown.pop()
            else:
                drops_break = not (token.meta["closes"] and shown)
        else:
            drops_break = False
            if shown and _ends_summary(shown[-1]) and token.type != "softbreak":
                shown.append(Token("softbreak", "br", 0))
                token.content = token.content.lstrip()
            shown.append(token)
    return shown


def _vanishes(meta: dict[str, Any], env: EnvType) -> bool:
    """Tell whether to hide a <details> or </details>, and update the number of open ones."""
    if meta.get("vanishes"):
        return True
    if not meta["closes"]:
        env[_OPEN_DETAILS] = env.get(_OPEN_DETAILS, 0) + meta.get("has_summary", 0)
        return bool(meta.get("has_summary"))
    count = int(env.get(_OPEN_DETAILS, 0))
    env[_OPEN_DETAILS] = max(count - 1, 0)
    return count > 0


def _ends_summary(token: Token) -> bool:
    return token.nesting == -1 and token.meta.get("tag") == "summary"
