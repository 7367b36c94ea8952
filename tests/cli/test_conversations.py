"""`ask` in conversations: continued, kept or not kept, and fitted to the context window."""

import contextlib
import json
import sqlite3  # noqa: TID251 - to inspect the file
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from srchat.conversation import Conversation
from srchat.history.store import ConversationStore
from tests.conftest import Serve, Srchat
from tests.support.server import (
    CLOSE,
    DONE,
    HOLD,
    RESET,
    Script,
    ScriptedServer,
    answer,
    chunk,
    error,
    event,
    head,
    json_response,
)
from tests.support.waiting import WAIT_TIMEOUT

TOO_LONG = (
    "This model's maximum context length is {limit} tokens. However, your messages resulted in "
    "{asked} tokens. Please reduce the length of the messages."
)
WINDOW = 1024


def too_long(limit: int = WINDOW, asked: int = 2000) -> Script:
    return error(400, TOO_LONG.format(limit=limit, asked=asked), code="context_length_exceeded")


def counted(text: str, prompt_tokens: int) -> Script:
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": 1, "total_tokens": 9}
    last = event({"choices": [], "usage": usage})
    return [head(), chunk(text), chunk(finish="stop"), last, DONE, CLOSE]


def contents(server: ScriptedServer, number: int = -1) -> list[str]:
    return [message["content"] for message in server.requests[number].json["messages"]]


def stored(srchat: Srchat) -> list[Conversation]:
    with contextlib.closing(ConversationStore(srchat.history)) as store:
        return [store.load(summary.id) for summary in store.summaries()]


# --- continuing ----------------------------------------------------------------------------


def test_continue_sends_the_earlier_turns(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"), answer("two"), answer("three"))
    for prompt, more in (("first", []), ("second", ["-c"]), ("third", ["--continue"])):
        assert srchat("ask", prompt, *more, "--base-url", server.url).code == 0
    assert contents(server) == ["first", "one", "second", "two", "third"]
    (conversation,) = stored(srchat)
    assert [turn.complete for turn in conversation.branch] == [True] * 3


def test_continue_skips_a_conversation_without_an_answer(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(404, "no such model"), answer("one"), error(404, "no"), answer("two"))
    srchat("ask", "only a failure", "--base-url", server.url)
    srchat("ask", "first", "-c", "--base-url", server.url)  # no other conversation exists
    srchat("ask", "a slip", "--base-url", server.url)
    assert srchat("ask", "second", "-c", "--base-url", server.url).code == 0
    assert contents(server) == ["first", "one", "second"]
    assert [conversation.title for conversation in stored(srchat)] == ["only a failure", "a slip"]


def test_without_continue_each_question_is_a_new_conversation(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"), answer("two"))
    srchat("ask", "first", "--base-url", server.url)
    srchat("ask", "second", "--base-url", server.url)
    assert contents(server) == ["second"]
    assert [conversation.title for conversation in stored(srchat)] == ["second", "first"]


def test_a_conversation_is_named_by_the_beginning_of_its_id(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"), answer("two"), answer("three"))
    first = json.loads(srchat("ask", "first", "--json", "--base-url", server.url).out)
    srchat("ask", "other", "--base-url", server.url)
    id_ = first["conversation"]
    result = srchat("ask", "more", "--json", "--conversation", id_[:6], "--base-url", server.url)
    assert json.loads(result.out)["conversation"] == id_
    assert contents(server) == ["first", "one", "more"]
    # It is now the most recent one.
    assert stored(srchat)[0].id == id_


@pytest.mark.parametrize("id", ["zz", "", "../../etc/passwd", "%", "\u202e"])
def test_an_unknown_conversation_is_a_usage_error(srchat: Srchat, serve: Serve, id: str) -> None:
    server = serve(answer("one"))
    srchat("ask", "first", "--base-url", server.url)
    result = srchat("ask", "more", "--conversation", id, "--base-url", server.url)
    assert (result.code, result.out) == (2, b"")
    assert "no conversation" in result.err
    assert len(server.requests) == 1


def test_before_the_first_conversation_none_can_be_named(srchat: Srchat) -> None:
    result = srchat("ask", "x", "--conversation", "a", "-p", "demo")
    assert (result.code, result.out) == (2, b"")
    assert "no conversations are stored" in result.err


def test_continue_and_conversation_cannot_be_combined(srchat: Srchat) -> None:
    assert srchat("ask", "x", "-c", "--conversation", "a", "-p", "demo").code == 2


def test_continue_without_a_conversation_starts_a_new_one(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"))
    result = srchat("ask", "first", "-c", "--base-url", server.url)
    assert result.text == "one\n"
    assert "no conversation to continue" in result.err
    assert len(stored(srchat)) == 1


def test_the_system_prompt_stays_unless_another_is_given(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"))
    srchat("ask", "first", "-s", "Be brief.", "--base-url", server.url)
    srchat.configure('system = "Of the file."')
    srchat("ask", "second", "-c", "--base-url", server.url)
    assert contents(server)[0] == "Be brief."
    srchat("ask", "third", "-c", "-s", "Be long.", "--base-url", server.url)
    assert contents(server)[0] == "Be long."
    srchat("ask", "fourth", "-c", "--base-url", server.url)
    assert contents(server)[0] == "Be long."


def test_the_model_stays_on_the_same_server_unless_another_is_given(
    srchat: Srchat, serve: Serve
) -> None:
    here, there = serve(answer("one")), serve(answer("one"))
    srchat("ask", "first", "-m", "special", "--base-url", here.url)
    srchat("ask", "second", "-c", "--base-url", here.url)
    assert here.requests[-1].json["model"] == "special"
    srchat("ask", "third", "-c", "-m", "other", "--base-url", here.url)
    assert here.requests[-1].json["model"] == "other"
    refusing = serve(error(400, "no such model"), answer("one"))
    srchat("ask", "a", "-c", "-m", "good", "--base-url", here.url)
    srchat("ask", "b", "-c", "-m", "typo", "--base-url", refusing.url)
    srchat("ask", "c", "-c", "--base-url", here.url)
    assert here.requests[-1].json["model"] == "good"
    srchat("ask", "fourth", "-c", "--base-url", there.url)
    assert there.requests[-1].json["model"] == "vllm-primary"


def test_dry_run_shows_the_whole_request_and_keeps_nothing(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"))
    srchat("ask", "first", "--base-url", server.url)
    result = srchat("ask", "second", "-c", "--dry-run", "--base-url", server.url)
    messages = json.loads(result.out)["messages"]
    assert [message["content"] for message in messages] == ["first", "one", "second"]
    assert len(server.requests) == 1
    assert len(stored(srchat)[0].turns) == 1


# --- storing -------------------------------------------------------------------------------


def test_the_details_of_an_answer_are_stored_in_columns(srchat: Srchat, serve: Serve) -> None:
    server = serve(counted("text", 7))
    before = time.time()
    srchat("ask", "hi", "-m", "mine", "--base-url", server.url)
    (turn,) = stored(srchat)[0].turns
    assert (turn.prompt, turn.reply, turn.complete, turn.reason) == ("hi", "text", True, "")
    assert (turn.model, turn.served_model, turn.finish_reason) == ("mine", "vllm-primary", "stop")
    assert turn.usage
    assert (turn.usage.prompt_tokens, turn.base_url) == (7, server.url)
    assert turn.first_at
    assert turn.ended_at
    assert before <= turn.asked_at <= turn.first_at <= turn.ended_at <= time.time()


@pytest.mark.parametrize(
    ("script", "reply", "why"),
    [
        ([head(), chunk("half"), RESET], "half", "incomplete answer"),
        ([head(), chunk("half"), chunk(finish="content_filter"), DONE, CLOSE], "half", "filter"),
        (error(400, "no such luck"), "", "no such luck"),
    ],
)
def test_a_truncated_answer_is_kept_with_the_reason(
    srchat: Srchat, serve: Serve, script: Script, reply: str, why: str
) -> None:
    server = serve(script)
    assert srchat("ask", "hi", "--base-url", server.url, "--retries", "0").code != 0
    (turn,) = stored(srchat)[0].turns
    assert (turn.prompt, turn.reply, turn.complete) == ("hi", reply, False)
    assert why in turn.reason


def test_a_conversation_has_a_name(srchat: Srchat, serve: Serve) -> None:
    server = serve(*[answer("yes")] * 5)
    url = ("--base-url", server.url)
    assert srchat("ask", "one", "--name", "work", *url).code == 0
    assert srchat("ask", "other", *url).code == 0
    assert srchat("ask", "two", "--name", "work", *url).err == ""
    assert [len(each.json["messages"]) for each in server.requests] == [1, 1, 3]
    assert sorted(each.title for each in stored(srchat)) == ["other", "work"]
    assert srchat("chat", "three", *url, SRCHAT_CONVERSATION="work", stdin=b"").code == 0
    assert len(server.requests[3].json["messages"]) == 5


def test_options_win_over_the_variable_that_names_a_conversation(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(*[answer("yes")] * 6)
    url = ("--base-url", server.url)
    srchat.env["SRCHAT_CONVERSATION"] = "tty-1"
    assert srchat("ask", "one", *url).code == 0
    assert srchat("ask", "two", "--name", "work", *url).code == 0
    assert srchat("ask", "three", "-c", *url).code == 0
    assert srchat("ask", "four", *url).code == 0
    assert {each.title: len(each.turns) for each in stored(srchat)} == {"tty-1": 2, "work": 2}
    for blank in ("", " "):
        srchat.env["SRCHAT_CONVERSATION"] = blank
        assert srchat("ask", "five", *url).code == 0
    assert [len(each.json["messages"]) for each in server.requests[4:]] == [1, 1]


@pytest.mark.parametrize(
    "args", [("-c", "--name", "a"), ("--conversation", "a", "--name", "b"), ("--name", " ")]
)
def test_a_conversation_is_chosen_in_one_way(srchat: Srchat, args: tuple[str, ...]) -> None:
    result = srchat("ask", "hi", *args, "-p", "demo")
    assert (result.code, result.out) == (2, b"")
    assert "--name" in result.err


def test_the_title_of_a_conversation_can_be_changed(srchat: Srchat, serve: Serve) -> None:
    assert srchat("ask", "one", "--base-url", serve(answer("yes")).url).code == 0
    id_ = stored(srchat)[0].id
    assert srchat("history", "title", id_[:6], "The", "weather") == (0, b"", "")
    assert stored(srchat)[0].title == "The weather"
    for args in ((id_, " "), ("zzzz", "a")):
        assert srchat("history", "title", *args).code == 2


def test_reasoning_is_kept_apart_and_not_sent_again(srchat: Srchat, serve: Serve) -> None:
    thought = [head(), chunk(reasoning_content="hm"), chunk("<think>m</th"), chunk("ink>\n\n")]
    server = serve([*thought, *answer("yes")[1:]], answer("so"))
    srchat("ask", "hi", "--base-url", server.url, "--param", "seed=7", "-t", "1")
    (turn,) = stored(srchat)[0].turns
    assert (turn.reply, turn.reasoning) == ("yes", "hmm")
    assert turn.parameters == {"seed": 7, "temperature": 1}
    shown = srchat("history", "show", "--reasoning").out.decode()
    assert "### Reasoning\n\nhmm\n\n### Answer\n\nyes\n" in shown
    assert "hmm" not in srchat("history", "show").out.decode()
    srchat("ask", "-c", "and", "--base-url", server.url)
    assert "hmm" not in str(server.requests[1].json)


def test_reasoning_and_parameters_survive_export_and_import(srchat: Srchat, serve: Serve) -> None:
    server = serve([head(), chunk(reasoning_content="hmm"), *answer("yes")[1:]])
    srchat("ask", "hi", "--base-url", server.url, "--param", "a.b=7")
    before = stored(srchat)
    exported = srchat("history", "export", "--format", "json").out
    (srchat.home / "all.json").write_bytes(exported)
    assert srchat("history", "delete", "--all", "-y").code == 0
    assert srchat("history", "import", "all.json").code == 0
    assert stored(srchat) == before
    assert before[0].turns[0].parameters == {"a": {"b": 7}}


def test_raw_leaves_a_think_block_as_it_was_sent(srchat: Srchat, serve: Serve) -> None:
    script = answer("<think>hm</think>", "\n\nyes")
    server = serve(script, script)
    assert srchat("ask", "hi", "--base-url", server.url).out == b"yes\n"
    raw = srchat("ask", "hi", "--raw", "--base-url", server.url)
    assert raw.out == b"<think>hm</think>\n\nyes\n"


def test_a_think_block_that_is_never_closed_is_an_empty_answer(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer("<think>", "hm"))
    result = srchat("ask", "hi", "--base-url", server.url)
    assert (result.code, result.out) == (6, b"")
    assert "empty answer: the model sent only reasoning" in result.err
    assert stored(srchat)[0].turns[0].reasoning == "hm"


def test_a_closed_pipe_leaves_an_incomplete_turn(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer(*["word " * 1000] * 200))
    command = " ".join([*srchat.command("ask", "hi", "--base-url", server.url), "| head -c 10"])
    subprocess.run(
        command, shell=True, env=srchat.env, check=True, capture_output=True, timeout=WAIT_TIMEOUT
    )
    (turn,) = stored(srchat)[0].turns
    assert not turn.complete
    assert turn.reason
    assert turn.reply.startswith("word ")


def test_the_title_is_the_question_not_the_file(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("ok"))
    srchat("ask", "explain", "this", "--base-url", server.url, stdin=b"a\nb\n")
    srchat("ask", "-", "--base-url", server.url, stdin=b"\n\n  from a pipe\nsecond")
    assert [conversation.title for conversation in stored(srchat)] == [
        "from a pipe",
        "explain this",
    ]


@pytest.mark.parametrize("how", ["option", "setting", "variable"])
def test_no_save_writes_nothing(srchat: Srchat, serve: Serve, how: str) -> None:
    server = serve(answer("one"))
    srchat.configure("history = false" if how == "setting" else "")
    if how == "variable":
        srchat.env["SRCHAT_HISTORY"] = "false"
    more = ["--no-save"] if how == "option" else []
    result = srchat("ask", "hi", "--json", *more, "--base-url", server.url)
    assert json.loads(result.out)["conversation"] is None
    assert not srchat.history.parent.exists()


def test_no_save_continues_without_a_trace(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"))
    srchat("ask", "first", "--base-url", server.url)
    srchat("ask", "second", "-c", "--no-save", "--base-url", server.url)
    assert contents(server) == ["first", "one", "second"]
    assert len(stored(srchat)[0].turns) == 1


def test_srchat_data_sets_the_directory_of_the_history(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"))
    other = srchat.home / "other"
    srchat("ask", "hi", "--base-url", server.url, SRCHAT_DATA=str(other))
    assert (other / "history.db").exists()
    assert not srchat.history.exists()


def test_sqlite_is_not_loaded_before_the_request_is_sent(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("one"))
    command = [sys.executable, "-X", "importtime", *srchat.command()[1:]]
    done = subprocess.run(
        [*command, "ask", "hi", "-v", "--no-stdin", "--base-url", server.url],
        env=srchat.plain_env, cwd=srchat.home, capture_output=True, text=True, check=True,
    )  # fmt: skip
    sent = done.stderr.index("* request sent")
    assert "_sqlite3" not in done.stderr[:sent]
    assert "_sqlite3" in done.stderr[sent:]


# --- a locked or damaged store -------------------------------------------------------------


@pytest.fixture
def lock(srchat: Srchat) -> Iterator[sqlite3.Connection]:
    ConversationStore(srchat.history).close()
    connection = sqlite3.connect(srchat.history, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN EXCLUSIVE")
    yield connection
    connection.close()


def test_a_locked_history_does_not_delay_the_answer(
    srchat: Srchat, serve: Serve, lock: sqlite3.Connection
) -> None:
    server = serve(answer("All ", "of it."))
    process = srchat.start("ask", "hi", "--base-url", server.url)
    assert process.stdout.read(11) == b"All of it.\n"
    assert process.poll() is None  # it still tries to save, after showing all text
    result = process.wait_for_result()
    assert (result.code, result.out) == (0, b"")
    assert len(result.messages) == 1
    assert "this answer was not stored: the history" in result.err
    assert "locked by another process" in result.err


def test_a_lock_released_during_the_answer_is_harmless(
    srchat: Srchat, serve: Serve, lock: sqlite3.Connection
) -> None:
    server = serve(answer("All of it."))
    process = srchat.start("ask", "hi", "--base-url", server.url)
    assert process.stdout.read(10) == b"All of it."
    lock.execute("COMMIT")
    assert process.wait_for_result() == (0, b"\n", "")
    (turn,) = stored(srchat)[0].turns
    assert (turn.prompt, turn.reply, turn.complete) == ("hi", "All of it.", True)


def test_ctrl_c_ends_the_wait_for_a_lock(
    srchat: Srchat, serve: Serve, lock: sqlite3.Connection
) -> None:
    server = serve(answer("All of it."))
    process = srchat.start("ask", "hi", "--base-url", server.url)
    assert process.stdout.read(11) == b"All of it.\n"
    time.sleep(1.5)  # it waits up to 5 seconds for the lock
    process.send_signal(2)
    # The message differs from that of a timeout.
    assert process.wait_for_result() == (
        130,
        b"",
        (
            "srchat: warning: this answer was not stored: the history was locked\n"
            "srchat: interrupted\n"
        ),
    )


def test_ctrl_c_while_storing_the_end_is_a_warning(srchat: Srchat, serve: Serve) -> None:
    ConversationStore(srchat.history).close()
    is_locked = threading.Event()
    rest = [chunk("of it."), chunk(finish="stop"), DONE]
    server = serve([head(), chunk("All "), is_locked, *rest])
    process = srchat.start("ask", "hi", "--base-url", server.url)
    assert process.stdout.read(4) == b"All "
    lock = sqlite3.connect(srchat.history, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    is_locked.set()
    assert process.stdout.read(7) == b"of it.\n"
    time.sleep(1.5)  # it waits up to 5 seconds for the lock
    process.send_signal(2)
    result = process.wait_for_result()
    lock.close()
    assert result.err.startswith(
        "srchat: warning: the end of this answer was not stored: the history was locked\n"
    )


def test_a_second_signal_does_not_keep_the_end_of_an_answer_from_the_history(
    srchat: Srchat, serve: Serve, lock: sqlite3.Connection
) -> None:
    server = serve([head(), chunk("What came."), HOLD])
    process = srchat.start("ask", "hi", "--base-url", server.url)
    assert process.stdout.read(10) == b"What came."
    process.send_signal(2)
    assert process.stdout.read(1) == b"\n"
    time.sleep(0.2)  # it waits for the lock now
    process.send_signal(2)
    time.sleep(0.2)
    lock.execute("COMMIT")
    assert process.wait_for_result() == (130, b"", "srchat: interrupted\n")
    (turn,) = stored(srchat)[0].turns
    assert (turn.reply, turn.complete) == ("What came.", False)


def test_a_locked_store_can_be_continued_from(
    srchat: Srchat, serve: Serve, lock: sqlite3.Connection
) -> None:
    server = serve(answer("one"))
    lock.execute("COMMIT")
    srchat("ask", "first", "--base-url", server.url)
    lock.execute("BEGIN EXCLUSIVE")
    result = srchat("ask", "second", "-c", "--no-save", "--base-url", server.url)
    assert (result.code, contents(server)) == (0, ["first", "one", "second"])


def test_continuing_an_unreadable_conversation_is_an_error(srchat: Srchat, serve: Serve) -> None:
    srchat.history.mkdir(parents=True)
    server = serve(answer("one"))
    result = srchat("ask", "second", "-c", "--base-url", server.url)
    assert (result.code, server.requests) == (9, [])


# --- the context window --------------------------------------------------------------------


def long_conversation(srchat: Srchat, turns: int = 4, size: int = 800) -> None:
    """Have a conversation with turns of about `size` / 2 tokens each."""
    with ScriptedServer([answer("r" * size)]) as server:
        for number in range(turns):
            prompt = f"{number}" + "p" * (size - 1)
            more = ["-c"] if number else []
            assert srchat("ask", prompt, *more, "--base-url", server.url).code == 0


def test_after_an_overflow_the_request_is_sent_with_fewer_turns(
    srchat: Srchat, serve: Serve
) -> None:
    long_conversation(srchat)
    server = serve(too_long(), answer("at last"), answer("again"))
    result = srchat("ask", "new", "-c", "--base-url", server.url)
    assert (result.code, result.text) == (0, "at last\n")
    assert result.err == (
        "srchat: warning: the 3 oldest turns are left out to fit the context window (1024 tokens)\n"
    )
    assert len(server.requests) == 2
    assert contents(server) == ["3" + "p" * 799, "r" * 800, "new"]
    # The store keeps all turns, and the window is remembered.
    assert len(stored(srchat)[0].turns) == 5
    result = srchat("ask", "newer", "-c", "--base-url", server.url)
    assert len(server.requests) == 3
    assert result.err == ""  # one more is left out, which was reported


def test_turns_left_out_by_single_commands_are_reported_when_they_have_doubled(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer("r" * 400))
    reported = []
    for number in range(12):
        result = srchat(
            *("ask", str(number) + "p" * 400, "--name", "talk", "--base-url", server.url),
            *("--max-tokens", "100"),
            SRCHAT_CONTEXT_WINDOW="1000",
        )
        if result.err:
            reported.append(number)
        assert ("left out" in result.err) == bool(result.err)
    first = reported[0]
    assert reported == [first, first + 1, first + 3, first + 7][: len(reported)]
    assert len(reported) > 2


def test_as_few_turns_as_possible_are_left_out(srchat: Srchat, serve: Serve) -> None:
    long_conversation(srchat, turns=6)
    server = serve(too_long(limit=2000, asked=2500), answer("at last"))
    result = srchat("ask", "new", "-c", "--base-url", server.url)
    assert result.text == "at last\n"
    assert "the 3 oldest turns are left out" in result.err
    assert len(contents(server)) == 7


def test_turns_are_left_out_until_none_is_left(srchat: Srchat, serve: Serve) -> None:
    long_conversation(srchat)
    server = serve(too_long())
    result = srchat("ask", "new", "-c", "--base-url", server.url)
    assert result.code == 5
    assert "maximum context length is 1024" in result.err
    sizes = [len(contents(server, number)) for number in range(len(server.requests))]
    assert sizes == sorted(set(sizes), reverse=True)  # fewer each time
    assert sizes[-1] == 1


def test_a_prompt_too_long_by_itself_is_an_error_with_the_excess(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(too_long(limit=1024, asked=1500))
    result = srchat("ask", "x" * 6000, "--base-url", server.url)
    assert (result.code, result.out, len(server.requests)) == (5, b"", 1)
    assert "the prompt has 1500 tokens, 476 more than the context window of 1024" in result.err


def test_an_overflow_without_a_window_has_a_hint(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(400, "prompt too long", code="context_length_exceeded"))
    result = srchat("ask", "hi", "--base-url", server.url)
    assert result.code == 5
    assert "shorten the prompt or the files" in result.err


def test_a_prompt_that_fits_without_the_answer_has_a_hint(srchat: Srchat, serve: Serve) -> None:
    result = srchat("ask", "hi", "--base-url", serve(too_long(limit=2000, asked=1900)).url)
    assert result.code == 5
    assert "the prompt takes 1900 of 2000 tokens; lower --max-tokens" in result.err


def test_another_error_after_leaving_out_turns_is_reported(srchat: Srchat, serve: Serve) -> None:
    long_conversation(srchat)
    server = serve(too_long(), error(400, "no such luck"))
    result = srchat("ask", "now?", "-c", "--base-url", server.url)
    assert result.code == 5
    assert result.err.splitlines()[-1].endswith("no such luck")
    assert len(server.requests) == 2


def test_without_counts_of_the_server_tokens_are_estimated(srchat: Srchat, serve: Serve) -> None:
    message = (
        "This model's maximum context length is 1024 tokens. However, your prompt contains at "
        "least 1025 input tokens, which exceeds this limit."
    )
    server = serve(error(400, message))
    result = srchat("ask", "x" * 6000, "--base-url", server.url)
    assert "about 1504 tokens, about 480 more than the context window of 1024" in result.err


def test_an_estimate_that_fits_is_not_reported(srchat: Srchat, serve: Serve) -> None:
    message = "maximum context length is 1024 tokens, however you requested 5000 tokens"
    result = srchat("ask", "hi", "--base-url", serve(error(400, message)).url)
    assert result.code == 5
    assert "the context window has 1024 tokens for prompt and answer; shorten" in result.err
    assert "the prompt has" not in result.err


def test_too_large_max_tokens_leave_out_no_turn(srchat: Srchat, serve: Serve) -> None:
    long_conversation(srchat, turns=2)
    message = "max_tokens=100000 cannot be greater than max_model_len=1024. Please request fewer."
    server = serve(error(400, message))
    result = srchat("ask", "x", "-c", "--max-tokens", "100000", "--base-url", server.url)
    assert (result.code, len(server.requests)) == (5, 1)
    assert "lower --max-tokens" in result.err


def test_a_refusal_without_a_number_leaves_out_half(srchat: Srchat, serve: Serve) -> None:
    long_conversation(srchat, turns=6)
    message = "the request exceeds the available context size. try increasing the context size"
    server = serve(error(400, message), answer("ok"))
    result = srchat("ask", "new", "-c", "--base-url", server.url)
    assert result.text == "ok\n"
    assert 3 <= len(contents(server)) <= 7


def test_a_configured_context_window_applies_before_anything_is_sent(
    srchat: Srchat, serve: Serve
) -> None:
    long_conversation(srchat)
    server = serve(answer("ok"))
    result = srchat("ask", "new", "-c", "--base-url", server.url, SRCHAT_CONTEXT_WINDOW="1200")
    assert (len(server.requests), len(contents(server))) == (1, 5)
    assert "the 2 oldest turns are left out" in result.err
    assert "(1200 tokens)" in result.err


def test_the_context_window_is_read_from_the_list_of_models(srchat: Srchat, serve: Serve) -> None:
    long_conversation(srchat)
    entry = {"id": "vllm-primary", "object": "model", "max_model_len": 1024}
    server = serve(json_response({"object": "list", "data": [entry]}), answer("ok"))
    assert srchat("models", "--base-url", server.url).code == 0
    result = srchat("ask", "new", "-c", "--base-url", server.url)
    assert "left out" in result.err
    assert len(server.requests) == 2


def test_a_real_count_corrects_the_estimate(srchat: Srchat, serve: Serve) -> None:
    # 1,000 characters are 250 tokens by the estimate and 1,000 by the server.
    server = serve(counted("r", 1000), answer("ok"))
    srchat("ask", "字" * 1000, "--base-url", server.url)
    result = srchat("ask", "new", "-c", "--base-url", server.url, SRCHAT_CONTEXT_WINDOW="600")
    assert contents(server) == ["new"]
    assert "the oldest turn is left out" in result.err


def test_a_rate_limit_in_tokens_is_not_an_overflow(srchat: Srchat, serve: Serve) -> None:
    long_conversation(srchat)
    message: Any = "Limit of tokens a minute reached for this context window"
    server = serve(error(429, message))
    result = srchat("ask", "new", "-c", "--base-url", server.url, "--retries", "0")
    assert (result.code, len(server.requests)) == (7, 1)
    assert "wait a moment" in result.err
