"""No answer can control the terminal, in any context and wherever its chunks are cut."""

import re
from typing import Final

import pytest

from srchat.markdown.writer import MarkdownWriter
from tests.support.terminal import TerminalOutput

ATTACKS: Final = {
    "title, BEL": "\x1b]0;owned\x07",
    "title, ST": "\x1b]2;owned\x1b\\",
    "icon name": "\x1b]1;owned\x07",
    "palette": "\x1b]4;1;rgb:ff/ff/ff\x07",
    "working directory": "\x1b]7;file://host/\x07",
    "hidden link": "\x1b]8;;http://evil.example\x1b\\text\x1b]8;;\x1b\\",
    "notification": "\x1b]9;owned\x07",
    "foreground query": "\x1b]10;?\x07",
    "background": "\x1b]11;#ffffff\x07",
    "clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "clipboard query": "\x1b]52;c;?\x1b\\",
    "shell mark": "\x1b]133;A\x07",
    "urxvt notification": "\x1b]777;notify;owned;text\x07",
    "file transfer": "\x1b]1337;File=name=b3duZWQ=:AAAA\x07",
    "unfinished OSC": "\x1b]0;owned",
    "clear screen": "\x1b[2J\x1b[H",
    "clear scrollback": "\x1b[3J",
    "cursor up and erase": "\x1b[1A\x1b[2K",
    "colours": "\x1b[8;31m",
    "device attributes": "\x1b[c",
    "cursor report": "\x1b[6n",
    "title report": "\x1b[21t",
    "window size": "\x1b[8;1;1t",
    "other screen": "\x1b[?1049h",
    "hide cursor": "\x1b[?25l",
    "mouse": "\x1b[?1003h",
    "bracketed paste": "\x1b[?2004l",
    "media copy": "\x1b[5i",
    "scroll region": "\x1b[1;2r",
    "unfinished CSI": "\x1b[38;5;",
    "DCS sixel": "\x1bPq#0;2;0;0;0\x1b\\",
    "DCS request": "\x1bP$qm\x1b\\",
    "APC graphics": "\x1b_Ga=T;AAAA\x1b\\",
    "PM and SOS": "\x1b^owned\x1b\\\x1bXowned\x1b\\",
    "reset": "\x1bc",
    "alignment test": "\x1b#8",
    "character set": "\x1b(0\x0e",
    "C1 CSI": "\x9b2J",
    "C1 OSC": "\x9d0;owned\x9c",
    "C1 DCS and APC": "\x90q\x9c\x9fG\x9c",
    "backspaces": "safe\x08\x08\x08\x08evil",
    "carriage return": "safe\revil",
    "bell, enquiry, NUL, DEL": "\x07\x05\x00\x7f",
    "tabs and feeds": "\x0b\x0c\x85",
    "bidi override": "\u202eevil\u202c",
    "bidi isolate": "\u2067evil\u2069",
    "tag characters": "".join(chr(0xE0000 + ord(c)) for c in "evil"),
    "line separators": "\u2028\u2029",
    "annotations": "\ufff9a\ufffab\ufffb",
    "entities": "&#27;]0;owned&#7; &#x9b;2J &#x202e;evil &#xE0041; &#8232;",
}
_PLACES: Final = {
    "paragraph": "before {} AFTER\n\nEND",
    "strong": "**before {} AFTER**\n\nEND",
    "code": "`before {} AFTER`\n\nEND",
    "fence": "```python\nx = '{}' # AFTER\n```\n\nEND",
    "info string": "```{}\nAFTER\n```\n\nEND",
    "indented code": "    before {} AFTER\n\nEND",
    "link": "[before {} AFTER](https://example.org)\n\nEND",
    "target": "AFTER [text](https://example.org/{})\n\nEND",
    "autolink": "AFTER <https://example.org/{}>\n\nEND",
    "image": "![before {} AFTER](https://example.org)\n\nEND",
    "heading": "# before {} AFTER\n\nEND",
    "list": "1. before {} AFTER\n\nEND",
    "quote": "> before {} AFTER\n\nEND",
    "table": "| AFTER | {} |\n|---|---|\n| {} | AFTER |\n\nEND",
}
# What the renderer may write: styles, cursor movements in a frame, synchronized output.
_OURS: Final = re.compile(r"\x1b\[(?:[0-9;]*m|\d+[ABCM]|[JK]|\?2026h\r|\?2026l)")
_UNSAFE: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def test_at_least_43_attacks_are_tested() -> None:
    assert len(ATTACKS) >= 43


def _stream(output: TerminalOutput, text: str, step: int) -> None:
    now = 0.0
    writer = MarkdownWriter(output, clock=lambda: now)
    for start in range(0, len(text), step):
        writer.write(text[start : start + step])
        now += 0.1
    writer.close()


@pytest.mark.parametrize("step", [1, 1000], ids=["torn", "whole"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_reaches_the_terminal(attack: str, step: int) -> None:
    for place, template in _PLACES.items():
        text = template.replace("{}", ATTACKS[attack])
        output = TerminalOutput()
        _stream(output, text, step)
        assert not _UNSAFE.search(_OURS.sub("", output.text)), place
        seen = "\n".join(output.emulator.lines)
        assert "AFTER" in seen, place
        assert "END" in seen, place
        # Without styles of our own there is no escape sequence at all.
        dumb = TerminalOutput(can_move=False)
        _stream(dumb, text, step)
        assert not _UNSAFE.search(dumb.text), place


def test_the_text_of_an_attack_is_shown() -> None:
    output = TerminalOutput()
    _stream(output, "a \x1b]0;owned\x07 b \u202e c &#x202e; d", 1)
    assert output.emulator.lines == [r"a \x1b]0;owned\x07 b \u202e c \u202e d"]


@pytest.mark.parametrize(
    "text",
    [
        "Vec<T> and </kbd> and <kbd>",
        "<think>so it is</think>",
        "[/] [bold] [/bold] [red]x[/red]",
        ":smile: and [link=http://evil.example]x[/link]",
        "<script>alert(1)</script> <!-- no comment -->",
    ],
)
def test_other_markup_is_shown_as_written(text: str) -> None:
    output = TerminalOutput()
    _stream(output, text, 1)
    assert output.emulator.lines == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[bank](http://evil.example)", "bank (http://evil.example)"),
        (
            "[http://bank.example](http://evil.example)",
            "http://bank.example (http://evil.example)",
        ),
        ("[www.bank.example](http://evil.example)", "www.bank.example (http://evil.example)"),
        ("![logo](http://evil.example/x.png)", "logo (http://evil.example/x.png)"),
        ("![](http://evil.example/x.png)", "http://evil.example/x.png"),
        ("<http://bank.example>", "http://bank.example"),
        ("[bank]\n\n[bank]: http://evil.example", "[bank]\n\n[bank]: http://evil.example"),
        ("[a](javascript:alert)", "[a](javascript:alert)"),
    ],
)
def test_links_show_their_targets(text: str, expected: str) -> None:
    output = TerminalOutput()
    _stream(output, text, 1)
    assert "\n".join(output.emulator.lines) == expected
    assert "\x1b]8" not in output.text
