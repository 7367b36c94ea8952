"""The messages array, fitted to the context window."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.api.models import Message, Usage
from srchat.conversation import Conversation, TurnRecord, title_of
from srchat.tokens import answer_room, estimate, must_report

USAGE = Usage(100, 10, 110)


def turn(id: str, parent: str | None = None, **more: object) -> TurnRecord:
    values = {"prompt": f"prompt {id}", "reply": f"reply {id}", "complete": True, **more}
    return TurnRecord(id=id, parent=parent, **values)  # type: ignore[arg-type] # any field


def linear(*sizes: int, system: str | None = None) -> Conversation:
    """A conversation whose replies have the given numbers of characters."""
    conversation = Conversation("c", system=system)
    for place, size in enumerate(sizes):
        record = turn(f"t{place}", conversation.head, prompt="p", reply="r" * size)
        conversation = conversation.with_turn(record)
    return conversation


# --- the messages array --------------------------------------------------------------------


def test_a_new_conversation_has_nothing_but_its_id() -> None:
    assert [value for value in Conversation("c") if value] == ["c"]


def test_a_new_conversation_sends_system_prompt_and_prompt() -> None:
    assert Conversation("c", system="Be brief.").fit("hi").messages == (
        Message("system", "Be brief."),
        Message("user", "hi"),
    )
    assert Conversation("c").fit("hi").messages == (Message("user", "hi"),)
    assert Conversation("c", system="").fit("hi").messages == (Message("user", "hi"),)


def test_turns_are_sent_in_order_before_the_prompt() -> None:
    conversation = Conversation("c").with_turn(turn("a")).with_turn(turn("b", "a"))
    assert conversation.fit("new").messages == (
        Message("user", "prompt a"),
        Message("assistant", "reply a"),
        Message("user", "prompt b"),
        Message("assistant", "reply b"),
        Message("user", "new"),
    )


def test_a_truncated_turn_is_sent_and_an_unanswered_one_is_not() -> None:
    conversation = (
        Conversation("c")
        .with_turn(turn("a", reply="", complete=False))
        .with_turn(turn("b", "a", reply="half an ans", complete=False))
    )
    assert [message.content for message in conversation.fit("new").messages] == [
        "prompt b", "half an ans", "new",
    ]  # fmt: skip


def test_a_new_turn_is_neither_complete_nor_sent() -> None:
    begun = TurnRecord("a", "prompt")
    assert [value for value in begun if value] == ["a", "prompt"]
    assert begun.messages() == []
    assert turn("a", reply=" \n").messages() == []


def test_the_last_turn_is_the_head() -> None:
    conversation = Conversation("c").with_turn(turn("a")).with_turn(turn("b", "a"))
    assert conversation.last_turn == turn("b", "a")
    assert conversation._replace(head="a").last_turn == turn("a")
    assert conversation._replace(head="gone").last_turn is None
    assert Conversation("c").last_turn is None


def test_a_system_prompt_of_blanks_is_not_sent() -> None:
    assert Conversation("c", system=" \n").fit("hi").messages == (Message("user", "hi"),)


def test_only_the_branch_in_use_is_sent() -> None:
    first = Conversation("c").with_turn(turn("a")).with_turn(turn("b", "a"))
    tried_again = first.with_turn(turn("b2", "a"))
    assert [record.id for record in tried_again.branch] == ["a", "b2"]
    assert len(tried_again.turns) == 3
    undone = tried_again._replace(head="a")
    assert [record.id for record in undone.branch] == ["a"]


def test_a_newer_state_of_a_turn_takes_its_place() -> None:
    conversation = Conversation("c").with_turn(turn("a", reply="")).with_turn(turn("a", reply="x"))
    assert [record.reply for record in conversation.turns] == ["x"]


def test_parents_in_a_circle_or_missing_end_the_branch() -> None:
    circle = Conversation("c", head="a", turns=(turn("a", "b"), turn("b", "a")))
    assert len(circle.branch) == 2
    assert [t.id for t in Conversation("c", head="a", turns=(turn("a", "gone"),)).branch] == ["a"]
    assert Conversation("c", head="gone").branch == []


def test_the_title_is_the_first_line_of_the_first_prompt() -> None:
    conversation = Conversation("c").with_turn(turn("a", prompt="\n  first  \nsecond"))
    assert conversation.with_turn(turn("b", "a")).title == "first"
    assert title_of(" \n\t\n") == ""
    assert len(title_of("x" * 1000)) == 200


# --- fitting -------------------------------------------------------------------------------


def test_without_a_window_everything_is_sent() -> None:
    assert linear(*[10_000] * 50).fit("hi").left_out == 0


def test_the_oldest_turns_are_left_out_and_counted() -> None:
    fitted = linear(4000, 4000, 400, 400).fit("hi", window=1000)
    assert fitted.left_out == 2
    assert len(fitted.messages) == 5


def test_turns_before_a_left_out_turn_are_left_out() -> None:
    # The first turn alone would fit; a hole in the middle would change what was meant.
    assert linear(4, 40_000, 4).fit("hi", window=1000).left_out == 2


def test_system_prompt_and_newest_prompt_are_never_left_out() -> None:
    fitted = linear(40, 40, system="s" * 9000).fit("p" * 9000, window=100)
    assert [message.role for message in fitted.messages] == ["system", "user"]
    assert fitted.left_out == 2


def test_room_is_kept_for_the_answer() -> None:
    tight = linear(400, 400, 400)
    assert tight.fit("hi", window=450, max_tokens=10).left_out == 0
    assert tight.fit("hi", window=450, max_tokens=220).left_out == 1


def test_a_turn_that_fits_to_the_last_token_is_sent() -> None:
    conversation = linear(400)
    needed = conversation.fit("hi").estimated_tokens + 10
    assert conversation.fit("hi", window=needed, max_tokens=10).left_out == 0
    assert conversation.fit("hi", window=needed - 1, max_tokens=10).left_out == 1


def test_a_real_count_corrects_the_estimate() -> None:
    chinese = turn("a", prompt="字" * 4000, reply="好", usage=Usage(4000, 1, 4001))
    sent = estimate([Message("user", chinese.prompt)])
    chinese = chinese._replace(estimated_tokens=sent)
    conversation = Conversation("c").with_turn(chinese)
    assert 3 < conversation.factor < 4.2
    assert conversation.fit("hi", window=8000).left_out == 0
    assert conversation.fit("hi", window=4000).left_out == 1
    without = Conversation("c").with_turn(chinese._replace(usage=None))
    assert without.fit("hi", window=4000).left_out == 0


def test_a_given_factor_replaces_that_of_the_conversation() -> None:
    conversation = linear(4000).with_turn(turn("b", "t0", usage=USAGE, estimated_tokens=100))
    assert conversation.fit("hi", window=2000, factor=0.5).left_out == 0
    assert conversation.fit("hi", window=2000, factor=2.0).left_out == 1


def test_the_newest_count_is_used() -> None:
    conversation = (
        Conversation("c")
        .with_turn(turn("a", usage=Usage(9000, 1, 9001), estimated_tokens=1000))
        .with_turn(turn("b", "a", usage=Usage(1000, 1, 1001), estimated_tokens=1000))
        .with_turn(turn("d", "b", usage=None, estimated_tokens=1000))
    )
    assert conversation.factor == 1.0


@given(
    sizes=st.lists(st.integers(0, 3000), max_size=12),
    system=st.none() | st.text(max_size=400),
    prompt=st.text(max_size=2000),
    window=st.integers(1, 4000),
    max_tokens=st.none() | st.integers(1, 4000),
)
def test_the_longest_suffix_that_fits_is_sent(
    sizes: list[int], system: str | None, prompt: str, window: int, max_tokens: int | None
) -> None:
    conversation = linear(*sizes, system=system)
    everything = conversation.fit(prompt).messages
    fitted = conversation.fit(prompt, window, max_tokens)
    first = 1 if system and system.strip() else 0
    assert fitted.messages[:first] == everything[:first]
    assert fitted.messages[-1] == Message("user", prompt)
    rest = fitted.messages[first:]
    assert rest == everything[len(everything) - len(rest) :]
    room = window - answer_room(window, max_tokens)
    sendable = [record for record in conversation.branch if record.reply]
    assert len(rest) == 2 * (len(sendable) - fitted.left_out) + 1
    if fitted.left_out < len(sendable):
        assert estimate(fitted.messages) <= room
    if fitted.left_out:
        more = sendable[fitted.left_out - 1].messages()
        assert estimate([*fitted.messages, *more]) > room
    assert fitted.estimated_tokens == estimate(fitted.messages)


def test_an_answer_is_complete_if_the_model_ended_it() -> None:
    whole = TurnRecord("a", "p", complete=True, finish_reason="stop")
    assert whole.is_whole
    assert not whole._replace(complete=False).is_whole
    assert not whole._replace(finish_reason="length").is_whole


def test_an_estimate_includes_the_system_prompt() -> None:
    turn = TurnRecord("t1", "p" * 400, reply="r" * 400, complete=True)
    bare = Conversation("c1").with_turn(turn)
    assert 200 <= bare.tokens <= 220
    with_system = bare._replace(system="s" * 400)
    assert bare.tokens + 100 <= with_system.tokens <= bare.tokens + 110


def test_the_last_count_of_the_server_is_used() -> None:
    turn = TurnRecord("t1", "p" * 400, reply="r", complete=True, usage=Usage(300, 100, 400))
    assert Conversation("c1").with_turn(turn).tokens == 400


@given(st.lists(st.integers(1, 120), min_size=3, max_size=30), st.integers(1, 9))
def test_turns_that_were_counted_are_fitted_by_their_counts(
    lengths: list[int], per_word: int
) -> None:
    """A server whose tokens are words, each counted `per_word` times, has a window of 1,000."""

    def tokens(messages: Sequence[Message]) -> int:
        return sum(4 + per_word * len(message.content.split()) for message in messages)

    conversation = Conversation("c")
    for number, length in enumerate(lengths):
        prompt, reply = "a " * length, "extraordinarily " * (length // 2 + 1)
        fitted = conversation.fit(prompt)
        usage = Usage(tokens(fitted.messages), per_word * len(reply.split()), 0)
        usage = usage._replace(total_tokens=usage.prompt_tokens + usage.completion_tokens)
        turn = TurnRecord(
            f"t{number}", prompt, conversation.head, reply, complete=True, usage=usage,
            estimated_tokens=fitted.estimated_tokens,
        )  # fmt: skip
        conversation = conversation.with_turn(turn)
    fitted = conversation.fit("new", 1000, 100)
    left_out = [*conversation.fit("new").messages[: 2 * fitted.left_out]]
    assert tokens(fitted.messages) <= 910  # an estimate of "new" and of a template are in it
    if left_out:  # one more turn would not fit
        assert tokens([*left_out[-2:], *fitted.messages]) > 800


@pytest.mark.parametrize("system", [None, "be brief"])
def test_the_last_report_of_turns_left_out_follows_from_the_stored_turns(
    system: str | None,
) -> None:
    conversation = Conversation("c", system=system)
    reports = []
    for number in range(20):
        fitted = conversation.fit("p" * 400, window=1000, max_tokens=100)
        if must_report(fitted.left_out, conversation.reported_left_out):
            reports.append(fitted.left_out)
        turn = TurnRecord(
            f"t{number}", "p" * 400, conversation.head, reply="r" * 400, complete=True
        )._replace(estimated_tokens=fitted.estimated_tokens)
        conversation = conversation.with_turn(turn)
    assert reports == [1, 2, 4, 8, 16]
