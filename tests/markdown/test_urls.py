"""Bare URLs are underlined and shown as written."""

import pytest

from srchat.markdown.html import markdown_html
from srchat.markdown.open_marks import closed
from srchat.markdown.splitter import block_tokens, markdown_parser
from srchat.markdown.writer import console_for, layout_for
from tests.support.layouts import lines
from tests.support.terminal import TerminalOutput


def underlined(text: str) -> list[str]:
    output = TerminalOutput(120)
    rows = layout_for(output, console_for(output)).feed(block_tokens(markdown_parser(), text))
    return [part.text for row in rows for part in row if part.style and part.style.underline]


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("https://example.com/a_b_c?x=*y* here", ["https://example.com/a_b_c?x=*y"]),
        ("see https://a.test/x_y_z?b=1&c=*d*e~~f~~$g$.", ["https://a.test/x_y_z?b=1&c=*d*e~~f~~$g$"]),
        (r"http://a.test/a\_b\*c&amp;d", [r"http://a.test/a\_b\*c&amp;d"]),
        ("www.example.com/a_b_c and www.b.test.", ["www.example.com/a_b_c", "www.b.test"]),
        ("http://localhost:8000/v1", ["http://localhost:8000/v1"]),
        ("http://[::1]:8000/a_b and /c_d", ["http://[::1]:8000/a_b"]),
        ("(https://a.test/b), http://c.test!", ["https://a.test/b", "http://c.test"]),
        ("(https://a.test/b_(c))", ["https://a.test/b_(c)"]),
        ("https://a.test/(b)).)", ["https://a.test/(b)"]),
        ('"https://a.test/b", \'http://c.test\'', ["https://a.test/b", "http://c.test"]),
        ("a,https://a.test", ["https://a.test"]),
    ],
)  # fmt: skip
def test_a_bare_url_is_shown_as_written(text: str, addresses: list[str]) -> None:
    assert underlined(text) == addresses
    assert lines(text, 120) == [text]


@pytest.mark.parametrize(
    ("text", "shown", "addresses"),
    [
        ("**https://a.test/b_c**", "https://a.test/b_c", ["https://a.test/b_c"]),
        ("*see https://a.test/b_c*, *d*", "see https://a.test/b_c, d", ["https://a.test/b_c"]),
        ("_https://a.test_ ~~www.b~~", "https://a.test www.b", ["https://a.test", "www.b"]),
        ("<b>https://a.test/b</b>", "https://a.test/b", ["https://a.test/b"]),
        ("`https://a/*b*` https://c.test/`d`", "https://a/*b* https://c.test/d", ["https://c.test/"]),
        ("[*https://a.test/b_c*](http://d.test)", "https://a.test/b_c (http://d.test)", ["https://a.test/b_c"]),
        ("![www.a.test](/b)", "www.a.test (/b)", ["www.a.test"]),
        ("<https://a.test/b_c>", "https://a.test/b_c", ["https://a.test/b_c"]),
        ("$x*https://a.test*y$", "$x*https://a.test*y$", []),
    ],
)  # fmt: skip
def test_marks_around_a_url_have_their_meaning(text: str, shown: str, addresses: list[str]) -> None:
    assert lines(text, 120) == [shown]
    assert "".join(underlined(text)) == "".join(addresses)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("xhttps://a.test/*b* 1www.a.test/*b*", "xhttps://a.test/b 1www.a.test/b"),
        ("ftp://a.test https:// http://... https://*a* www. www.*b*", None),
        ("www and http and how, who, why! ![", None),
    ],
)
def test_other_text_is_not_underlined(text: str, shown: str | None) -> None:
    assert underlined(text) == []
    assert lines(text, 120) == [shown or text.replace("*", "")]


def test_a_url_in_a_table_is_underlined() -> None:
    assert "https://a.test/b_c" in underlined("| https://a.test/b_c |\n| - |\n| x |")


def test_a_page_has_a_bare_url_as_written() -> None:
    assert markdown_html("https://a.test/*b*c?d=1&e") == "<p>https://a.test/*b*c?d=1&amp;e</p>\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://a.test/*b", "see https://a.test/*b"),
        ("**see www.a.test/b_c_[d](e", "**see www.a.test/b_c_[d](e**"),
        ("*see https://a.test/b*", "*see https://a.test/b*"),
        ("`https://a.test` *b", "`https://a.test` *b*"),
        ("[a](https://a.test/b_c) *b", "[a](https://a.test/b_c) *b*"),
    ],
)
def test_marks_in_a_growing_url_are_not_open(text: str, expected: str) -> None:
    assert closed(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("http://", "https://a", "www.", "www.a ", "https://...", "https://a[", "https://a[b]"),
        *("(https://a", "https://a).", "*https://a*", "xhttp://", "[https://a](", "w", "h!"),
    ],
)
def test_hostile_urls_do_not_hang(text: str) -> None:
    many = text * 50_000
    assert len(closed(many)) <= 3 * len(many)
    markdown_html(text * 5_000)
