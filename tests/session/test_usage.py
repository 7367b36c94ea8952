"""The usage line of an answer."""

from srchat.session.reply import Reply
from srchat.session.usage import usage_line


def test_the_usage_line_has_what_is_known() -> None:
    assert usage_line(Reply("m", asked_at=1.0, first_at=1.5, ended_at=3.0)) == (
        "m, no token counts from the server, 2.0 s, first token after 0.5 s"
    )
    assert usage_line(Reply("m", asked_at=1.0, ended_at=3.0)) == (
        "m, no token counts from the server, 2.0 s"
    )
