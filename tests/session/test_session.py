"""The messages array of a chat after any sequence of prompts, failures, branches and settings.

Chat, session, client and store are real. The network is replaced by a transport that gives
predefined answers and records the requests.
"""

import contextlib
import json
import os
import shutil
import signal
import sqlite3  # noqa: TID251 - to let a history refuse changes
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from srchat import signals
from srchat.api.client import ChatClient
from srchat.api.events import RequestSent
from srchat.api.http import httpx
from srchat.api.retry import RetryPolicy
from srchat.api.server import Server
from srchat.attachments import Attachment
from srchat.config.resolution import Resolved
from srchat.config.settings import Config
from srchat.conversation import CONTINUE_PROMPT
from srchat.errors import Interrupted, SrchatError, StoreError, UsageError
from srchat.history.store import ConversationStore
from srchat.library import Library
from srchat.repl import slash_commands
from srchat.repl.lines import PlainLines
from srchat.repl.slash_syntax import line_of, message_of
from srchat.repl.terminal import Chat, Terminal
from srchat.session.connection import Connection
from srchat.session.reply_stream import Text, TurnWarning, caught
from srchat.session.session import Session
from srchat.session.turn import Events
from srchat.terminal.streams import Messages, Output
from tests.support.chatting import is_well_formed
from tests.support.server import DONE, chunk

STARTED = (RequestSent, Text)
OUTCOMES = (
    "complete", "length", "broken off", "error inside", "filtered", "empty", "blank", "refused",
    "server error", "no connection", "too long", "interrupted at once", "interrupted in the middle",
)  # fmt: skip


class Network(httpx.BaseTransport):
    """Answers with `outcome`, and records the requests."""

    def __init__(self) -> None:
        self.outcome = "complete"
        self.bodies: list[dict[str, object]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.read())
        self.bodies.append(body)
        if self.outcome == "no connection":
            raise httpx.ConnectError("refused", request=request)
        status = {"refused": 400, "server error": 500, "too long": 400}.get(self.outcome)
        if status:
            long = "maximum context length is 40 tokens" if self.outcome == "too long" else "no"
            return httpx.Response(status, stream=httpx.ByteStream(
                json.dumps({"error": {"message": long}}).encode()))  # fmt: skip
        return httpx.Response(
            200, headers={"content-type": "text/event-stream"}, stream=_Events(self.outcome)
        )

    @property
    def messages(self) -> list[list[tuple[str, str]]]:
        return [
            [(message["role"], message["content"]) for message in body["messages"]]  # type: ignore[attr-defined] # JSON
            for body in self.bodies
        ]


class _Events(httpx.SyncByteStream):
    def __init__(self, outcome: str) -> None:
        self._outcome = outcome

    def __iter__(self) -> Iterator[bytes]:
        if self._outcome == "blank":
            yield chunk(" \n")
        elif self._outcome != "empty":
            yield chunk("some ")
            yield chunk("text")
        if self._outcome == "error inside":
            yield b'data: {"error": {"message": "died"}}\n\n'
        elif self._outcome == "broken off":
            raise httpx.ReadError("reset")
        else:
            finish = {"length": "length", "filtered": "content_filter"}.get(self._outcome, "stop")
            yield chunk(finish=finish)
            yield DONE


class FakeConnection(Connection):
    """A connection whose clients use `network` as their transport."""

    def __init__(self, network: Network, config: Config) -> None:
        self.network = network
        resolved = Resolved(config, {}, {}, None, None, None, None)
        super().__init__(resolved, lambda: resolved, use_secret=lambda _: None, log=lambda _: None)

    def new_client(self, config: Config, **_: Any) -> ChatClient:
        return ChatClient(
            Server(config.base_url, None, transport=self.network, use_proxy=False),
            retry=RetryPolicy(0),
        )


class FakeTerminal(Terminal):
    """A terminal that records messages and discards turns."""

    def __init__(self, network: Network, data: Path) -> None:
        path = data / "pbcopy"
        path.write_text(f"#!/bin/sh\ncat > {data}/copied\n")
        path.chmod(0o755)
        output = Output(2, {})
        environ = {"PATH": f"{data}:{os.environ['PATH']}"}
        super().__init__(PlainLines(0, None), output, output, 0, Messages(output), environ)
        self.messages_shown: list[str] = []
        self.begun = 0
        self._network = network

    def tell(self, text: str) -> None:
        self.messages_shown.append(text)

    def confirm(self, question: str) -> bool:
        return True

    def edit_next(self, text: str) -> None:
        self.next_line = text

    def show_turn(self, session: Session, events: Events) -> None:
        before = session.conversation.id, len(session.conversation.turns)
        try:
            if self._network.outcome == "Ctrl-C before it is shown":
                with signals.signals_to(session.interrupt):
                    signal.raise_signal(signal.SIGINT)
            for event in events:
                if self._network.outcome.startswith("interrupted") and isinstance(event, STARTED):
                    session.interrupt(2)
        finally:
            assert session.conversation.id == before[0]
            self.begun += len(session.conversation.turns) - before[1]


class Host:
    """Runs lines like the REPL."""

    def __init__(self, data: Path, network: Network | None = None) -> None:
        self.network = network or Network()
        self.library = Library({"SRCHAT_DATA": str(data)}, lambda *_: None)
        config = Config(base_url="http://127.0.0.1:9/v1")
        connection = FakeConnection(self.network, config)
        self.session = Session(config, connection, self.library)
        self.terminal = FakeTerminal(self.network, data)
        self._chat = Chat(self.session, self.terminal, self.library)
        self._connection = connection
        self.data = data

    @property
    def store(self) -> ConversationStore:
        return self.library.open()

    @property
    def copied(self) -> str:
        return (self.data / "copied").read_text()

    def type(self, line: str) -> SrchatError | Interrupted | None:
        """Run a line like the REPL. Return the error, if any."""
        try:
            message = message_of(line)
            if message is None:
                slash_commands.run(self._chat, line)
            else:
                self.terminal.show_turn(self.session, self.session.send(message))
        except (SrchatError, Interrupted) as exc:
            return exc
        return None

    def edit(self, words: str) -> None:
        self.terminal.show_turn(self.session, self.session.edit(words))

    def close(self) -> None:
        self._connection.close()
        self.store.close()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path)
    yield host
    host.close()


prompts = st.text(min_size=1, max_size=20).filter(str.strip)


class AnyChat(RuleBasedStateMachine):
    """Performs random actions in random order."""

    @initialize()
    def begin(self) -> None:
        self.data = tempfile.mkdtemp()
        self.host = Host(Path(self.data))
        self.known: list[str] = []

    def teardown(self) -> None:
        if hasattr(self, "host"):
            self.host.close()
            shutil.rmtree(self.data)

    @rule(outcome=st.sampled_from(OUTCOMES))
    def set_outcome(self, outcome: str) -> None:
        self.host.network.outcome = outcome

    @rule(prompt=prompts, outcome=st.sampled_from(OUTCOMES))
    def say(self, prompt: str, outcome: str) -> None:
        self.host.network.outcome = outcome
        self.host.type(line_of(prompt))
        if outcome != "interrupted at once":
            assert self.host.network.messages[-1][-1] == ("user", prompt)

    @rule(command=st.sampled_from(["/retry", "/continue", "/undo", "/undo 2", "/new", "/title t"]))
    def command(self, command: str) -> None:
        self.host.type(command)

    @rule(prompt=prompts)
    def edit(self, prompt: str) -> None:
        if self.host.type("/edit") is None:
            try:
                self.host.edit(prompt)
            except (SrchatError, Interrupted):
                return

    @rule(name=st.sampled_from(["a", "b:1"]))
    def model(self, name: str) -> None:
        self.host.type(f"/model {name}")
        assert self.host.session.config.model == name

    @rule(prompt=prompts.map(str.strip), name=st.sampled_from(["a", "b:1"]))
    def model_once(self, prompt: str, name: str) -> None:
        before = self.host.session.config.model
        self.host.type(f"/model {name}: {prompt}")
        assert self.host.session.config.model == before

    @rule(system=st.one_of(st.just("-"), prompts))
    def system(self, system: str) -> None:
        if not system.strip().startswith("@"):
            self.host.type(f"/system {system}")

    @rule(data=st.data())
    def load(self, data: st.DataObject) -> None:
        ids = sorted(self.host.store.ids())
        if ids:
            self.host.type(f"/load {data.draw(st.sampled_from(ids))}")

    @invariant()
    def every_request_was_well_formed(self) -> None:
        if hasattr(self, "host"):
            messages = self.host.network.messages
            assert all(map(is_well_formed, messages[-2:])), messages[-2:]

    @invariant()
    def no_turn_is_lost_and_the_store_agrees(self) -> None:
        if not hasattr(self, "host"):
            return
        store, session = self.host.store, self.host.session
        stored = {id_: store.load(id_) for id_ in store.ids()}
        assert sum(len(each.turns) for each in stored.values()) == self.host.terminal.begun
        if session.conversation.turns:
            assert stored[session.conversation.id].branch == session.conversation.branch
            assert stored[session.conversation.id].system == session.conversation.system


AnyChat.TestCase.settings = settings(max_examples=150, stateful_step_count=25)
TestAnyChat = AnyChat.TestCase


def test_retry_replaces_the_last_answer(host: Host) -> None:
    for line in ("one", "two", "/retry", "three"):
        assert host.type(line) is None
    assert [content for role, content in host.network.messages[-1] if role == "user"] == [
        "one", "two", "three",
    ]  # fmt: skip
    assert len(host.session.conversation.turns) == 4


def test_a_failed_retry_keeps_the_old_answer(host: Host) -> None:
    host.type("one")
    host.network.outcome = "server error"
    assert host.type("/retry")
    host.network.outcome = "complete"
    host.type("two")
    assert len(host.network.messages[-1]) == 3
    assert host.store.load(host.session.conversation.id).branch == host.session.conversation.branch


def test_retry_after_a_failed_retry_sends_the_same_prompt(host: Host) -> None:
    host.type("one")
    host.network.outcome = "server error"
    host.type("/retry")
    host.network.outcome = "complete"
    host.type("/retry")
    assert host.network.messages[-1] == [("user", "one")]


def test_undo_goes_back_and_keeps_the_turns(host: Host) -> None:
    for line in ("one", "two", "three", "/undo 2", "four"):
        assert host.type(line) is None
    assert [content for role, content in host.network.messages[-1] if role == "user"] == [
        "one", "four",
    ]  # fmt: skip
    assert len(host.store.load(host.session.conversation.id).turns) == 4


def test_undo_of_a_failed_prompt_removes_only_it(host: Host) -> None:
    host.type("one")
    host.network.outcome = "no connection"
    host.type("two")
    assert host.type("/undo") is None
    assert host.terminal.messages_shown == ["undone: two"]
    assert host.session.conversation.last_turn
    assert host.session.conversation.last_turn.prompt == "one"


def test_too_many_undos_change_nothing(host: Host) -> None:
    host.type("one")
    failure = host.type("/undo 2")
    assert isinstance(failure, UsageError)
    assert failure.message == "only 1 prompt to undo"
    assert len(host.session.conversation.branch) == 1


def test_edit_replaces_the_last_prompt(host: Host) -> None:
    host.type("one")
    host.type("tow")
    host.type("/edit")
    assert host.terminal.next_line == "tow"
    host.edit("two")
    assert [content for role, content in host.network.messages[-1] if role == "user"] == [
        "one", "two",
    ]  # fmt: skip


def test_continue_sends_the_truncated_answer_and_asks_for_more(host: Host) -> None:
    host.network.outcome = "broken off"
    host.type("one")
    host.network.outcome = "complete"
    host.type("/continue")
    assert host.network.messages[-1] == [
        ("user", "one"), ("assistant", "some text"), ("user", CONTINUE_PROMPT),
    ]  # fmt: skip


def test_an_answer_cut_at_its_limit_is_continued_until_complete(
    host: Host,
) -> None:
    host.network.outcome = "length"
    host.type("one")
    host.network.outcome = "complete"
    assert host.type("/continue") is None
    failure = host.type("/continue")
    assert isinstance(failure, UsageError)
    assert failure.message == "the last answer is complete"
    assert len(host.network.bodies) == 2


def test_edit_changes_the_words_and_keeps_the_files(host: Host) -> None:
    host.session.attachments = [Attachment("a.txt", "AAA")]
    host.type("sum up")
    assert host.type("/edit") is None
    assert host.terminal.next_line == "sum up"
    assert host.terminal.messages_shown == ["attached again: a.txt"]
    host.session.attachments = [Attachment("b.txt", "BBB")]
    host.edit("compare")
    assert host.network.messages[-1] == [("user", (
        '<file name="a.txt">\nAAA\n</file>\n\n<file name="b.txt">\nBBB\n</file>\n\ncompare'
    ))]  # fmt: skip
    host.type("next")
    assert host.network.messages[-1][-1] == ("user", "next")


def test_undo_names_the_files(host: Host) -> None:
    host.session.attachments = [Attachment("a.txt", "AAA")]
    host.type("sum up")
    host.type("/undo")
    assert host.terminal.messages_shown == ["undone: [a.txt] sum up"]


def test_undo_of_a_continued_answer_returns_the_typed_prompt(host: Host) -> None:
    host.network.outcome = "length"
    for line in ("one", "/continue", "/undo 2"):
        host.type(line)
    assert host.terminal.messages_shown == ["undone: /continue", "undone: one"]


@pytest.mark.parametrize("outcome", ["complete", "empty", "server error", "broken off"])
def test_edit_after_continue_changes_what_was_typed(host: Host, outcome: str) -> None:
    host.type("zero")
    host.network.outcome = "broken off"
    host.type("one")
    host.network.outcome = outcome
    host.type("/continue")
    host.type("/edit")
    assert host.terminal.next_line == "one"
    host.network.outcome = "complete"
    host.edit("two")
    assert host.network.messages[-1] == [
        ("user", "zero"), ("assistant", "some text"), ("user", "two"),
    ]  # fmt: skip


def test_copy_includes_all_continuations_of_an_answer(host: Host) -> None:
    host.type("zero")
    host.network.outcome = "broken off"
    for line in ("one", "/continue", "/continue"):
        host.type(line)
    host.network.outcome = "server error"
    host.type("/continue")
    assert host.type("/copy") is None
    assert host.copied == "some text" * 3


def test_continue_without_an_answer_retries(host: Host) -> None:
    host.network.outcome = "empty"
    host.type("one")
    host.network.outcome = "complete"
    host.type("/continue")
    assert host.network.messages[-1] == [("user", "one")]


def test_ctrl_c_before_anything_is_shown_sends_nothing_and_retry_asks(host: Host) -> None:
    host.network.outcome = "Ctrl-C before it is shown"
    assert isinstance(host.type("one"), Interrupted)
    assert host.network.bodies == []
    host.network.outcome = "complete"
    assert host.type("/retry") is None
    assert host.network.messages == [[("user", "one")]]


def test_a_model_for_once_is_asked_again_by_retry(host: Host) -> None:
    host.network.outcome = "server error"
    host.type("/model other: one")
    host.network.outcome = "complete"
    host.type("/retry")
    host.type("two")
    assert [body["model"] for body in host.network.bodies] == ["other", "other", "vllm-primary"]


@pytest.mark.parametrize("again", ["/retry", "/continue"])
@pytest.mark.parametrize("outcome", ["complete", "broken off", "empty", "server error"])
def test_a_prompt_for_one_model_stays_with_it(host: Host, outcome: str, again: str) -> None:
    host.network.outcome = outcome
    host.type("/model other: one")
    host.type(again)
    assert host.network.bodies[-1]["model"] == "other"


@pytest.mark.parametrize("change", ["/model new", "/set model new"])
def test_a_change_of_the_model_applies_to_a_prompt_for_one_model(host: Host, change: str) -> None:
    host.network.outcome = "server error"
    for line in ("/model other: one", change, "/retry"):
        host.type(line)
    assert host.network.bodies[-1]["model"] == "new"


@pytest.mark.parametrize("away", ["/undo", "/new"])
def test_a_model_for_once_is_forgotten_with_its_prompt(host: Host, away: str) -> None:
    for line in ("zero", "/model other: one", away, "/retry", "two", "/retry"):
        host.type(line)
    assert host.network.bodies[-1]["model"] == "vllm-primary"
    assert [body["model"] for body in host.network.bodies].count("other") == 1


def test_a_window_learned_from_the_server_applies_to_the_next_prompt(host: Host) -> None:
    for number in range(4):
        host.type(f"{number} {'x' * 40}")
    host.network.outcome = "too long"
    host.type("next")
    assert host.session.window == 40
    host.network.outcome = "complete"
    asked = len(host.network.bodies)
    host.type("/retry")
    assert len(host.network.bodies) == asked + 1


def test_title_system_and_undo_are_in_the_store_before_the_next_prompt(host: Host) -> None:
    for line in ("one", "two", "/title My title", "/system Be brief.", "/undo"):
        assert host.type(line) is None
    stored = host.store.load(host.session.conversation.id)
    assert (stored.title, stored.system, len(stored.branch)) == ("My title", "Be brief.", 1)


def refuse_head(host: Host, head: str | None) -> None:
    """Let the history of `host` refuse a branch that ends at the turn `head`."""
    with contextlib.closing(sqlite3.connect(host.data / "history.db")) as other:
        other.execute(
            "CREATE TRIGGER refuse BEFORE UPDATE OF head ON conversation "
            f"WHEN NEW.head = '{head}' BEGIN SELECT RAISE(FAIL, 'no room'); END"
        )


def test_an_undo_that_cannot_be_stored_is_done_and_reported(host: Host) -> None:
    host.type("one")
    refuse_head(host, host.session.conversation.head)
    host.type("two")
    failure = host.type("/undo")
    assert isinstance(failure, StoreError)
    assert failure.message.startswith("this change was not stored: ")
    assert host.session.failed is None
    host.type("three")
    assert [content for _, content in host.network.messages[-1]] == ["one", "some text", "three"]


def test_an_empty_answer_whose_removal_cannot_be_stored_is_reported(host: Host) -> None:
    host.type("one")
    refuse_head(host, host.session.conversation.head)
    host.network.outcome = "blank"
    *_, warning = caught(host.session.retry())
    assert isinstance(warning, TurnWarning)
    assert warning.text.startswith("this change was not stored: ")
    host.network.outcome = "complete"
    host.type("two")
    assert [content for _, content in host.network.messages[-1]] == ["one", "some text", "two"]
