"""Markdown as HTML: the text is complete, and no element can be injected."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from srchat.api.demo import demo_answer
from srchat.markdown.html import markdown_html
from tests.markdown.test_attacks import ATTACKS
from tests.support.answers import long_answer

ELEMENTS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "em", "strong", "s", "code", "pre", "a", "hr", "br"),
    *("ul", "ol", "li", "blockquote", "table", "thead", "tbody", "tr", "th", "td"),
    *("figure", "figcaption", "span", "kbd", "sub", "sup"),
}
PROMPT = {"role": "user", "content": "why is the sky blue?"}
# As on a terminal: characters that control it, or reorder or hide text.
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
WORD = re.compile(r"[^\W\d_]+")
INJECTIONS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src=//evil.test></iframe>",
    "[x](javascript:alert(1))",
    "[x](data:text/html,<script>)",
    "[x](vbscript:x)",
    "![x](javascript:alert(1))",
    "![x](http://evil.test/a.png)",
    '[x](https://a.test "\\" onmouseover=alert(1) x=\\"")',
    "<javascript:alert(1)>",
    '```"><script>alert(1)</script>\nx\n```',
    "```js onload=x\nalert(1)\n```",
    "`<script>`",
    "| <script> | b |\n| - | - |\n| <img src=x> | </td><script> |",
    "</div></main></body><script>alert(1)</script>",
    "<!-- --><script>alert(1)</script>",
    "<style>*{display:none}</style>",
    "&lt;script&gt; &#60;script&#62; &#x3c;script&#x3e;",
    "$</code><script>alert(1)</script>$",
    "1. <base href=//evil.test>\n2. <meta http-equiv=refresh content=0>",
    'a <https://x.test/"onclick=alert(1)//> b',
]


class Page(HTMLParser):
    """Collects the elements of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.pieces: list[str] = []
        self.feed(text)
        self.close()

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def check(text: str) -> Page:
    page = Page(markdown_html(text))
    assert set(page.elements) <= ELEMENTS
    for name, value in page.attributes:
        assert name in ("href", "class", "rel", "start", "style"), name
        if name == "href":
            assert re.match("(https?|mailto):", value)
        if name == "style":
            assert re.fullmatch("text-align:(left|right|center)", value)
        if name == "class":
            assert re.fullmatch("[a-z ]+", value)
    return page


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_injection_becomes_an_element(text: str) -> None:
    check(text)
    for template in ("# {}", "- {}", "> {}", "**{}**", "| {} |\n| - |\n| {} |"):
        check(template.replace("{}", text))


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_exported_page_makes_attacks_on_terminals_visible(attack: str) -> None:
    page = markdown_html(ATTACKS[attack])
    check(ATTACKS[attack])
    assert not HIDDEN.search(page)


def test_entities_are_sanitized() -> None:
    assert "\u202e" not in markdown_html("a &#8238; b &#x202e; c")


@pytest.mark.parametrize("text", [long_answer(2000), demo_answer([PROMPT])])
def test_every_word_occurs_as_often_as_in_the_source(text: str) -> None:
    page = check(text)
    targets = [value for name, value in page.attributes if name == "href"]
    shown = Counter(WORD.findall(" ".join([page.text, *targets])))
    assert not Counter(WORD.findall(text)) - shown


def test_blocks_look_as_they_do_on_a_terminal() -> None:
    page = markdown_html("- [ ] a\n- [x] b\n\nline\nline\n\n$a*b*c$ ~~gone~~")
    assert "☐ a" in page
    assert "☑ b" in page
    assert "line<br>\nline" in page
    assert "<code>$a*b*c$</code> <s>gone</s>" in page


def test_tags_look_as_they_do_on_a_terminal() -> None:
    text = "H<sub>2</sub>O <b>*b*</b> <i>i</i> x<sup>2</sup><br>y <kbd>z</kbd> <b id=x>"
    assert markdown_html(text) == (
        "<p>H<sub>2</sub>O <strong><em>b</em></strong> <em>i</em> x<sup>2</sup><br>\n"
        "y <kbd>z</kbd> &lt;b id=x&gt;</p>\n"
    )
    assert markdown_html(
        "<details open>\n<summary>s</summary>\n\nt\n\n</details>\n\n</details>"
    ) == ("<p><strong>s</strong></p>\n<p>t</p>\n\n<p>&lt;/details&gt;</p>\n")


def test_code_is_highlighted_and_exact() -> None:
    code = "def f():\n\treturn '<b>'  \n\n"
    page = markdown_html(f"```python\n{code}```")
    assert '<span class="magenta">def</span>' in page
    assert "<figcaption>python</figcaption>" in page
    assert Page(page.partition("<pre>")[2]).text.startswith(code.rstrip("\n"))


def test_links_and_images_keep_their_targets() -> None:
    page = check("[a](https://x.test/?a=1&b=2) ![pic](http://y.test/p.png) [c](/local)")
    assert [value for name, value in page.attributes if name == "href"] == [
        "https://x.test/?a=1&b=2",
        "http://y.test/p.png",
    ]
    assert page.text == "a pic c\n"


def test_cells_beyond_the_header_are_not_lost() -> None:
    assert "three" in check("| a | b |\n| - | - |\n| 1 | 2 | three |").text
