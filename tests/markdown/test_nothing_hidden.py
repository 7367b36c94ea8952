"""Every word of an answer is shown, however it is parsed as Markdown."""

import re
import unicodedata
from collections import Counter

import pytest
from hypothesis import given, settings

from srchat.markdown.tags import NAMES
from tests.support.answers import ANSWER
from tests.support.markdown_documents import documents
from tests.support.markdown_examples import commonmark_examples, gfm_examples
from tests.support.printed import printed
from tests.support.terminal import TerminalOutput

# Syntax, not text: entities, tags, and the language of a code block.
_ENTITY = re.compile(rf"&#?\w+;|</?(?:br|{'|'.join(NAMES)})>|<details open>")
_FENCE = re.compile(r"^[ \t>]*((?:[-+*]|\d+[.)])[ \t]*)*(`{3,}|~{3,})[ \t]*\S+", re.MULTILINE)


def letters(text: str) -> Counter[str]:
    # A superscript counts as its letter.
    return Counter(re.findall(r"[^\W_]", unicodedata.normalize("NFKC", text)))


def missing(text: str) -> Counter[str]:
    """Return the letters and digits of a text that a terminal does not show."""
    shown = re.sub(r"\x1b\[[0-9;]*m", "", printed(text, TerminalOutput(4000, 24)))
    return letters(_FENCE.sub(" ", _ENTITY.sub(" ", text))) - letters(shown)


@settings(max_examples=200)
@given(documents)
def test_no_word_of_any_document_is_missing(text: str) -> None:
    assert not missing(text)


@pytest.mark.parametrize("text", [ANSWER, *gfm_examples()])
def test_no_word_of_an_answer_is_missing(text: str) -> None:
    assert not missing(text)


def test_only_entities_and_escapes_change_in_the_examples_of_the_specification() -> None:
    bad = [text for text in commonmark_examples() if missing(text)]
    assert len(bad) <= 40, bad
