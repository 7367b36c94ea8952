"""Closes the open marks of a growing text for a preview: `**bold wo` is `**bold wo**`. Pure.

So the style of a text does not change when its closing mark arrives. Only certain marks are closed:
not those of a price, of `2 * 3` or of snake_case, and except for formulas, only on the last line.
A mark at the end whose meaning depends on the next character is removed, as in
`BlockSplitter.tail`.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from srchat.markdown.math import formula_end
from srchat.markdown.tags import NAMES, OPEN_ATTRIBUTE
from srchat.markdown.urls import BareURLs

# The first characters of the tokens below; searching for them is faster.
_ANY: Final = re.compile(r"[*_`\[\]<~\\$]")
_TOKEN: Final = re.compile(
    rf"""
      (?P<math> \\[(\[] | \$\$? )
    | (?P<code> `+ )
    | (?P<run> \*+ | _+ | ~~+ )
    | (?P<tag> < (?P<slash> /? ) (?P<name> {"|".join(NAMES)} ) {OPEN_ATTRIBUTE} > )
    | (?P<address> <https?://[^\s<>]* (?P<end> > | \Z ) )
    | (?P<bracket> [\[\]] )
    | (?P<partial> (?: \\ | ~ | <details[ ]o?p?e?n? | </?(?P<begun>[a-z]*) ) \Z )
    | (?P<text> \\? . )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_TARGET: Final = re.compile(
    r"""\( (?: <[^<>\n]*> | [^\s()<>]* (?: \([^\s()<>]*\) [^\s()<>]* )* ) (?: \s "[^"]*" )? \)""",
    re.VERBOSE,
)
_GROWING_TARGET: Final = re.compile(
    r"""\( [^\s()<>]* (?: \([^\s()<>]*\) [^\s()<>]* )*
    (?: (?P<nested> \([^\s()<>]* ) | (?P<title> \s "[^"]* ) )? \Z""",
    re.VERBOSE,
)
_DETAILS: Final = re.compile(r"<details(?: open)?>\s*\Z", re.IGNORECASE)
# What must follow each opening of a formula, to exclude prices and shell variables.
_FORMULAS: Final = {
    "\\(": (re.compile(r"(?=[^\n]*\Z)\s*\S"), "\\)"),
    "\\[": (re.compile(r"\s*\S"), "\\]"),
    "$$": (re.compile(r"\n?[\w\\({\[|-]"), "$$"),
    "$": (re.compile(r"(?![\s\d])(?=[^$\n]*\Z).*?(?:\^|_\{|\\[a-zA-Z])"), "$"),
}
_MAX_FORMULA: Final = 4000  # characters
_MAX_DEPTH: Final = 32


def closed(text: str) -> str:
    """Return `text` with closing marks appended for the open ones."""
    return _Scan(text).closed() if _ANY.search(text) else text


def is_complete(text: str) -> bool:
    """Tell whether `text` has no open mark that later text could close."""
    return not _ANY.search(text) or _Scan(text).is_complete


@dataclass
class _Open:
    """An open mark.

    `kind`: the character of a run of marks, or the name of a tag.
    `count`: the marks of the run that are still open.
    `is_doubtful`: it may be text (`2*3`).
    `is_both`: it could also have closed another run.
    """

    kind: str
    count: int
    start: int
    end: int
    is_doubtful: bool = False
    is_both: bool = False

    @property
    def length(self) -> int:
        return self.end - self.start

    def may_close(self, line: int) -> bool:
        """Tell whether it is certain and on the last line, which begins after index `line`."""
        return self.start > line and not self.is_doubtful

    @property
    def closing(self) -> str:
        return self.kind * self.count if self.kind in "*_~" else f"</{self.kind}>"


class _Scan:
    """One pass from left to right. Each step returns the start of the next one."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._open: list[_Open] = []
        self._counts: Counter[str] = Counter()
        # For each open bracket, the number of marks that were open there.
        self._brackets: list[int] = []
        # The start of the last run of backticks of each length; computed on first use.
        self._last_ticks: dict[int, int] | None = None
        self._urls = BareURLs(text)
        # Whether the scan has ended early, and the closing mark if that was in code, a formula or
        # an address, in which other marks have no meaning.
        self._is_cut = False
        self._innermost = ""

        self._scan()

    @property
    def is_complete(self) -> bool:
        return not (self._open or self._brackets or self._is_cut)

    def closed(self) -> str:
        self._remove_empty()
        line = self._text.rfind("\n")
        # Of two marks of the same kind, the outer one is text: `*args and *mo`.
        marks = dict.fromkeys(o.closing for o in reversed(self._open) if o.may_close(line))
        return "".join([self._text, self._innermost, *marks])

    def _scan(self) -> None:
        steps = {
            "math": self._math,
            "code": self._code,
            "run": self._run,
            "tag": self._tag,
            "address": self._address,
            "bracket": self._bracket,
            "partial": self._partial,
        }
        place = 0
        while not self._is_cut and (first := _ANY.search(self._text, place)):
            if end := self._urls.end_around(first.start(), place):
                place = end
                continue
            token = _TOKEN.match(self._text, first.start())
            assert token is not None
            assert token.lastgroup is not None
            step = steps.get(token.lastgroup)
            place = step(token) if step else token.end()

    def _remove_empty(self) -> None:
        """Remove open marks at the end, which have no content yet."""
        if self._innermost:
            return
        end = len(self._text.rstrip())
        while self._open and self._open[-1].end >= end:
            end = self._pop().start
            while end and self._text[end - 1].isspace():
                end -= 1
        self._text = self._text[:end]

    def _end_at(self, place: int, closing: str = "") -> int:
        """Remove the text after `place` and end the scan."""
        self._text = self._text[:place]
        self._is_cut = True
        self._innermost = closing
        return place

    def _push(self, opened: _Open) -> None:
        self._open.append(opened)
        self._counts[opened.kind] += 1

    def _pop(self) -> _Open:
        opened = self._open.pop()
        self._counts[opened.kind] -= 1
        return opened

    def _partial(self, token: re.Match[str]) -> int:
        begun = token["begun"]
        if begun is None or any(name.startswith(begun.lower()) for name in (*NAMES, "br")):
            return self._end_at(token.start())
        return token.end()

    def _math(self, token: re.Match[str]) -> int:
        if end := formula_end(self._text, token.start()):
            return end
        if token.end() == len(self._text):
            return self._end_at(token.start())
        follows, closing = _FORMULAS[token[0]]
        size = len(self._text) - token.end()
        if size > _MAX_FORMULA or not follows.match(self._text, token.end()):
            return token.end()
        # The first character of the closing mark may have arrived.
        return self._end_at(len(self._text.removesuffix(closing[0])), closing)

    def _code(self, token: re.Match[str]) -> int:
        ticks, place = token[0], token.end()
        if self._last_ticks is None:
            self._last_ticks = {len(m[0]): m.start() for m in re.finditer("`+", self._text)}
        if self._last_ticks.get(len(ticks), 0) >= place:
            end = re.compile(rf"(?<!`)`{{{len(ticks)}}}(?!`)").search(self._text, place)
            assert end is not None
            return end.end()
        content = self._text[place:].rstrip("`")
        if "\n" in content:
            return place
        if not content.strip():
            return self._end_at(token.start())
        return self._end_at(place + len(content), ticks)

    def _address(self, token: re.Match[str]) -> int:
        return token.end() if token["end"] else self._end_at(token.end(), ">")

    def _tag(self, token: re.Match[str]) -> int:
        name, end = token["name"].lower(), token.end()
        if token["slash"]:
            self._close(name)
            if name == "summary":
                self._close("details")
        elif end == len(self._text):
            return self._end_at(token.start())
        elif name == "summary":
            if _DETAILS.search(self._text, max(0, token.start() - 40), token.start()):
                self._push(_Open(name, 1, token.start(), end))
        elif name == "details":
            self._push(_Open(name, 1, token.start(), end, is_doubtful=True))
        elif self._text[end : end + 1].strip():
            self._push(_Open(name, 1, token.start(), end))
        return end

    def _close(self, kind: str) -> None:
        """Close the last open mark of this kind; those opened after it are text."""
        if self._counts[kind]:
            while self._pop().kind != kind:
                pass

    def _run(self, token: re.Match[str]) -> int:
        """Handle a run of marks by the rules for emphasis in CommonMark 6.2."""
        start, end, kind, count = token.start(), token.end(), token[0][0], len(token[0])
        before, after = self._text[start - 1 : start] or " ", self._text[end : end + 1] or " "
        follows_text = not before.isspace() and (_is_word(before) or not _is_word(after))
        precedes_text = not after.isspace() and (_is_word(after) or not _is_word(before))
        closes = follows_text and (kind != "_" or not precedes_text or not _is_word(after))
        opens = precedes_text and (kind != "_" or not follows_text or not _is_word(before))
        if closes:
            count = self._closed_by(kind, count, end, is_both=opens)
        if count and opens:
            doubtful = before.isascii() and before.isalnum()
            self._push(_Open(kind, count, start, end, doubtful, closes))
        elif count and not follows_text and end == len(self._text):
            return self._end_at(start)
        return end

    def _closed_by(self, kind: str, count: int, end: int, *, is_both: bool) -> int:
        """Close open marks with a run of `count` that ends at `end`; return how many are left."""
        length = count
        while count and (depth := self._opener(kind, length, is_both=is_both)):
            self._cut_to(depth)
            opened = self._pop()
            used = min(count, opened.count)
            count -= used
            opened.count -= used
            if opened.count:
                # The one left of two may be text.
                opened.is_doubtful |= end < len(self._text) and opened.length == 2
                self._push(opened)
        return count

    def _opener(self, kind: str, length: int, *, is_both: bool) -> int:
        """Return the depth of the mark that such a run closes, 0 if there is none."""
        if not self._counts[kind]:
            return 0
        lowest = max(0, len(self._open) - _MAX_DEPTH)
        for depth in range(len(self._open), lowest, -1):
            opened = self._open[depth - 1]
            # CommonMark's rule of three.
            fits = (opened.length + length) % 3 or length % 3 == 0
            if opened.kind == kind and (fits or not (is_both or opened.is_both)):
                return depth
        return 0

    def _bracket(self, token: re.Match[str]) -> int:
        end = token.end()
        if token[0] == "[":
            self._brackets.append(len(self._open))
        elif self._brackets:
            depth = self._brackets.pop()
            if target := _TARGET.match(self._text, end):
                self._cut_to(depth)
                return target.end()
            if growing := _GROWING_TARGET.match(self._text, end):
                self._cut_to(depth)
                within = '"' if growing["title"] else ")" if growing["nested"] else ""
                return self._end_at(growing.end(), f"{within})")
        return end

    def _cut_to(self, depth: int) -> None:
        """Treat the marks deeper than `depth` as text: they are open in the label of a link."""
        while len(self._open) > depth:
            self._pop()


def _is_word(character: str) -> bool:
    return character.isalnum()
