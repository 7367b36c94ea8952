"""Extracts a shell command from the answer of a model, as one line. Pure.

The command is never run here. Rejected are control and invisible characters, and scripts that
would do something else on one line.
"""

import re
from collections.abc import Callable
from typing import Final

_FENCE: Final = re.compile(
    r"^ {0,3}(`{3,}|~{3,})[^\n`]*\n(.*?)(?:^ {0,3}\1|\Z)", re.DOTALL | re.MULTILINE
)
_PROMPT: Final = re.compile(r"^(?:\$|%|❯)\s+")
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*=\S*")
_KEYWORDS: Final = frozenset(
    """
    if then elif else fi for in do done while until case esac select function begin end switch
    { } ( )
    """.split()  # noqa: SIM905 - words read better than quoted strings
)
_OPEN_ENDS: Final = ("|", "&", "\\", "{", "(", ";")
_MAX_COMMAND: Final = 4000  # characters


class NoCommandError(ValueError):
    """The answer contains no command, or none that fits on one line."""


def command_in(answer: str, is_known: Callable[[str], bool]) -> str:
    """Return the command in an answer. Raises NoCommandError.

    `is_known`: tells whether a word is the name of a program. Text without a code block counts as a
    command only if it begins with such a word.
    """
    block = _FENCE.search(answer)
    lines = _lines(block[2] if block else answer.strip())
    if not lines:
        raise NoCommandError("the answer has no command")
    if not block:
        lines = [_bare(line) for line in lines]
        if len(lines) > 1 or not is_known(_first_word(lines[0])):
            raise NoCommandError("the answer has no command")
    command = lines[0] if len(lines) == 1 else " && ".join(map(_alone, lines))
    if not command.isprintable():
        raise NoCommandError("the command has control characters or invisible text")
    if len(command) > _MAX_COMMAND:
        raise NoCommandError(f"the command is over {_MAX_COMMAND} characters")
    return command


def _lines(text: str) -> list[str]:
    """Return the lines without blank lines and comments; continued lines are joined."""
    joined = re.sub(r"\\\n\s*", "", text.replace("\t", " "))
    lines = [_PROMPT.sub("", line.strip()) for line in joined.split("\n")]
    return [line for line in lines if line and not line.startswith("#")]


def _bare(line: str) -> str:
    """Return a line without the backticks of a code span around it."""
    span = re.fullmatch(r"(`+) ?([^`]+?) ?\1", line)
    return _PROMPT.sub("", span[2]) if span else line


def _first_word(line: str) -> str:
    words = line.split()
    while words and (_ASSIGNMENT.fullmatch(words[0]) or words[0] == "sudo"):
        words.pop(0)
    return words[0] if words else ""


def _alone(line: str) -> str:
    """Return a line that is a complete command, without its comment. Raises NoCommandError."""
    code, is_closed = _code(line)
    code = code.rstrip().removesuffix(";").rstrip()
    words = code.split()
    is_part = (
        not is_closed
        or {words[0], words[-1]} & _KEYWORDS
        or code.endswith(_OPEN_ENDS)
        or "<<" in code
        or "()" in code
    )
    if is_part:
        raise NoCommandError("the answer is a script, not one command")
    return code


def _code(line: str) -> tuple[str, bool]:
    """Return a line without its comment, and whether its quotes and parentheses are balanced."""
    quote, depth, before = "", 0, " "
    places = iter(range(len(line)))
    for place in places:
        each = line[place]
        if each == "\\" and quote != "'":
            next(places, None)
        elif quote:
            quote = "" if each == quote else quote
        elif each in "'\"`":
            quote = each
        elif each == "#" and before == " ":
            return line[:place], depth == 0
        elif each in "([{":
            depth += 1
        elif each in ")]}":
            depth -= 1
        before = each
    return line, not quote and depth == 0
