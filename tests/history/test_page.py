"""The page has the current branch of each conversation, as text that does nothing."""

from srchat.conversation import Conversation, TurnRecord
from srchat.history.page import to_html


def page_of(*conversations: Conversation) -> str:
    return "".join(to_html(conversations, lambda seconds: f"at {seconds:g} <s>"))


def test_the_page_has_the_current_branch() -> None:
    first = TurnRecord("t1", "the *first* prompt", reply="an *answer*", complete=True, model="m")
    left = first._replace(id="t2", parent="t1", reply="of a branch that was left")
    current = first._replace(id="t3", parent="t1", reply="of the current branch", asked_at=7.0)
    page = page_of(
        Conversation(
            "c1", title="One", system="Be brief.", turns=(first, left, current), head="t3"
        ),
        Conversation("c2", title="Two", created_at=5.0),
    )
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>\n")
    assert "the *first* prompt" in page  # as it was typed
    assert "<p>an <em>answer</em></p>" in page  # as Markdown
    assert "of the current branch" in page
    assert "of a branch that was left" not in page
    assert page.index("<h1>One</h1>") < page.index("Be brief.") < page.index("<h1>Two</h1>")
    assert "you, at 7 &lt;s&gt;" in page
    assert "<time>at 5 &lt;s&gt;</time>" in page


def test_no_text_becomes_an_element_or_hides_another() -> None:
    evil = '<script>alert(1)</script>"\u202e\x1b[8m'
    turn = TurnRecord("t1", evil, reply=evil, model=evil, reason=evil)
    page = page_of(Conversation("c1", title=evil, system=evil).with_turn(turn))
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert not {"\u202e", "\x1b"} & set(page)
    assert page.count("alert(1)") == 6


def test_an_incomplete_answer_has_its_reason() -> None:
    turn = TurnRecord("t1", "hello", reply="half an ans", reason="connection lost")
    assert "<em>incomplete: connection lost</em>" in page_of(Conversation("c1").with_turn(turn))
    assert "incomplete" not in page_of(Conversation("c1").with_turn(turn._replace(complete=True)))
