"""Unusual Markdown documents, and ways to split them, for Hypothesis."""

from hypothesis import strategies as st

_PIECES = (
    # Block markers, combined in any order.
    *(
        "- ",
        "* ",
        "- [ ] ",
        "1. [ ] ",
        "+ ",
        "-\n",
        "1. ",
        "2) ",
        "10. ",
        "  - ",
        "   1. ",
        "- - ",
        "1. > ",
    ),
    *("> ", ">", "> > ", "> - ", "\n> ", "# h", "## h | i", "***", "- - -", "---", "==="),
    *("```", "~~~", "```py", "- ```\n", "`", "|", "|---|---|", "--- | ---", "- | x"),
    *("  ", "    ", "      ", "\t", " ", "\n", "\n", "\n", "\n\n", "\n  ", "\n    "),
    # Inline text and complete blocks.
    *("foo", "bar | baz", "*x*", "**b** ", "~~s~~", "`c` ", "[l](/u)", "[a]: /u", "<b>"),
    *("</b>", "<i>", "</i>", "<kbd>x</kbd>", "x<sup>2</sup>", "<sub>", "</sub>", "<br>"),
    *(
        "<details>",
        "<details open>\n<summary>s</summary>\n",
        "<summary>",
        "</summary>",
        "</details>",
    ),
    *("https://a.test/b_*c*", "www.a.test ", "_"),
    *("word " * 20, "日本語", "e\u0301", "👍🏽 ", "\N{ZERO WIDTH JOINER}", "ا"),
    *("| a | b | c |\n|---|:-:|--:|\n", "| long cell text | x |\n", "    code"),
    *("```py\ndef f():\n  return 1\n", "![i](/p)", "&amp;", "\\*", "$a*b*c$ ", "\\(", "\\)", "$$"),
    *("$$\n", "\n$$\n", "\\[", "\n\\[\n", "\\]", "\\]\n", "\n$$\nx\n- a*b*c\n$$\n"),
    *("\n\\begin{a}\n", "\\end{a}\n", "  $$ x $$\n"),
)

documents = st.lists(st.sampled_from(_PIECES), max_size=25).map("".join)
sizes = st.lists(st.integers(1, 12), min_size=1, max_size=20)


def cut(text: str, lengths: list[int]) -> list[str]:
    """Split `text` into pieces of these lengths, which are repeated as needed."""
    pieces = []
    start = number = 0
    while start < len(text):
        end = start + lengths[number % len(lengths)]
        pieces.append(text[start:end])
        start, number = end, number + 1
    return pieces
