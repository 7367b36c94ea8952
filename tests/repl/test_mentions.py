"""File mentions in a message: what is a mention, what is text, and what is sent."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.repl.mentions import (
    begun_mention,
    pasted,
    with_mentions_escaped,
    without_mentions,
)
from tests.conftest import Serve, Srchat
from tests.support.chatting import CTRL_C, ENTER, UP, ChatTerminal, sent_messages
from tests.support.server import answer

A = '<file name="a.txt">\nAAA\n</file>\n\n'


@pytest.fixture
def files(srchat: Srchat) -> Path:
    """A folder of files, in which the chats run."""
    for name, text in (("a.txt", "AAA\n"), ("my notes.txt", "notes\n"), ("data.bin", "\0")):
        (srchat.home / name).write_text(text)
    (srchat.home / "src").mkdir()
    (srchat.home / "src/b.py").write_text("BBB\n")
    return srchat.home


@pytest.mark.parametrize(
    ("typed", "message", "paths"),
    [
        ("explain @a.txt", "explain a.txt", ["a.txt"]),
        ("@a.txt: what?", "a.txt: what?", ["a.txt"]),
        ("(see @a.txt), and @src/b.py.", "(see a.txt), and src/b.py.", ["a.txt", "src/b.py"]),
        ('sum up @"my notes.txt"!', 'sum up "my notes.txt"!', ["my notes.txt"]),
        ("one\n@a.txt\ntwo", "one\na.txt\ntwo", ["a.txt"]),
        ("@@a.txt is a name", "@a.txt is a name", []),
        ("@@@a.txt", "@@a.txt", []),
        ("mail me@a.txt", "mail me@a.txt", []),
        ("@dataclass\nclass X:", "@dataclass\nclass X:", []),
        ("@@ -1,3 +1,4 @@", "@@ -1,3 +1,4 @@", []),
        ("@@class_variable", "@@class_variable", []),
        ("@ a.txt, @src, @nowhere.txt", "@ a.txt, @src, @nowhere.txt", []),
        ('@"no such file" @"', '@"no such file" @"', []),
        (f"@{'x' * 5000} @a\0b", f"@{'x' * 5000} @a\0b", []),
    ],
)
def test_only_the_name_of_an_existing_file_is_a_mention(
    files: Path, monkeypatch: pytest.MonkeyPatch, typed: str, message: str, paths: list[str]
) -> None:
    monkeypatch.chdir(files)
    assert without_mentions(typed) == (message, paths)


def test_the_home_directory_may_be_written_as_a_tilde(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(files))
    assert without_mentions("see @~/a.txt") == ("see ~/a.txt", [str(files / "a.txt")])
    assert without_mentions("see @~nobodyatall/x") == ("see @~nobodyatall/x", [])


@given(st.text(alphabet="@a.txt \n\"'(,x", max_size=20))
def test_an_escaped_text_is_sent_unchanged_and_attaches_nothing(text: str) -> None:
    import contextlib  # noqa: PLC0415 - no tmp_path with Hypothesis
    import tempfile  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("a.txt").touch()
        Path("x").touch()
        assert without_mentions(with_mentions_escaped(text)) == (text, [])


@pytest.mark.parametrize(
    ("text", "path"),
    [("see @sr", "sr"), ("@", ""), ('@"my no', '"my no'), ("me@sr", None), ("@a b", None),
     ("", None), ("@@sr", None), ('@"my notes.txt"', None)],
)  # fmt: skip
def test_an_incomplete_mention(text: str, path: str | None) -> None:
    assert begun_mention(text) == path


def test_a_mentioned_file_is_listed_and_sent(srchat: Srchat, serve: Serve, files: Path) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        shown = chat.run("explain @a.txt to me@home").splitlines()
        assert shown[:2] == ["> explain @a.txt to me@home", "attached: a.txt (4 characters)"]
        assert "attached" not in chat.run("@dataclass is what?")
        assert "unknown" not in chat.run("/model other: and @a.txt?")
    contents = [content for role, content in sent_messages(server) if role == "user"]
    assert contents == [
        f"{A}explain a.txt to me@home", "@dataclass is what?", f"{A}and a.txt?",
    ]  # fmt: skip


def test_a_file_mentioned_twice_is_attached_once(srchat: Srchat, serve: Serve, files: Path) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("/file ./a.txt")
        shown = chat.run("@a.txt, @a.txt and @src/b.py")
        assert "attached: a.txt (4 characters), src/b.py (4 characters)" in shown
    assert sent_messages(server)[0][1].count("AAA") == 1


def test_an_edited_prompt_keeps_its_files_and_its_escaped_names(
    srchat: Srchat, serve: Serve, files: Path
) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("see @a.txt, not @@src/b.py")
        chat.say("/edit")
        chat.wait_for_text("> see a.txt, not @@src/b.py")
        chat.type(" or @a.txt" + ENTER)
        chat.wait_for(lambda _: len(server.requests) == 2)
        chat.wait_for_prompt()
    assert sent_messages(server) == [("user", f"{A}see a.txt, not @src/b.py or a.txt")]


def test_a_binary_file_is_an_error_and_nothing_is_sent(
    srchat: Srchat, serve: Serve, files: Path
) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        assert "data.bin is not text" in chat.run("@a.txt and @data.bin")
        assert server.requests == []
        chat.type(UP)
        chat.wait_for_text("> @a.txt and @data.bin")


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        ('see @"a ', '@"b @a.txt" ok', ""),
        ("", 'log @"foo @a.txt', '" why?'),
        ("see ", "@a.t", "xt"),
        ("a ", "@a.txt @a.txt", " b"),
    ],
)
def test_a_paste_attaches_nothing_whatever_the_text_around_it(
    files: Path, before: str, text: str, after: str
) -> None:
    line, cursor = pasted(before, text, after)
    assert without_mentions(line) == (before + text + after, [])
    assert line[cursor:] == after


def test_a_path_pasted_after_an_at_sign_is_attached(files: Path) -> None:
    assert pasted("see @", "a.txt", " now") == ("see @a.txt now", 10)


def test_pastes_and_scripts_attach_nothing(srchat: Srchat, serve: Serve, files: Path) -> None:
    server = serve(answer("Fine."))
    pasted = "see @a.txt\nme"
    with ChatTerminal(srchat, server.url) as chat:
        chat.wait_for_prompt()
        chat.type(f"I \x1b[200~{pasted.replace(chr(10), chr(13))}\x1b[201~")
        chat.wait_for_text("see @@a.txt")
        chat.type("\x1b[200~@a.txt\x1b[201~" + ENTER)
        chat.wait_for_text("Fine.")
        chat.wait_for_prompt()
        chat.type("@\x1b[200~a.txt\x1b[201~" + ENTER)
        chat.wait_for(lambda _: len(server.requests) == 2)
    assert sent_messages(server, 0) == [("user", f"I {pasted}@a.txt")]
    assert sent_messages(server, 1)[-1] == ("user", f"{A}a.txt")
    srchat("chat", "--base-url", server.url, stdin=b"@a.txt @@a.txt\n")
    assert sent_messages(server) == [("user", "@a.txt @@a.txt")]


def test_a_refused_edit_comes_back_to_be_corrected(
    srchat: Srchat, serve: Serve, files: Path
) -> None:
    server = serve(answer("one"), answer("two"))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("old words")
        chat.say("/edit")
        chat.wait_for(lambda chat: chat.terminal.screen[chat.row] == "> old words")
        chat.type(" @data.bin" + ENTER)
        chat.wait_for(lambda chat: chat.terminal.screen[chat.row] == "> old words @data.bin")
        assert "data.bin is not text" in chat.text
        chat.type("\x17" + ENTER)
        chat.wait_for_text("two")
    assert sent_messages(server) == [("user", "old words ")]


def test_a_first_prompt_attaches_nothing(srchat: Srchat, serve: Serve, files: Path) -> None:
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url, "see @a.txt") as chat:
        chat.wait_for_text("Fine.")
        assert "attached" not in chat.text
    assert sent_messages(server) == [("user", "see @a.txt")]


def test_tab_completes_mentions(srchat: Srchat, serve: Serve, files: Path) -> None:
    (files / 'a "quoted" name').touch()
    with ChatTerminal(srchat, serve(answer("Fine.")).url) as chat:
        chat.wait_for_prompt()
        for typed, whole in (
            ("see @sr\t", "> see @src/"),
            ("see @src/\t", "> see @src/b.py"),
            ("see @my\t", '> see @"my notes.txt"'),
            ('see @"sr\t', '> see @"src/'),  # differs, so that the next Ctrl-C waits for it
            ('see @"my\t', '> see @"my notes.txt"'),
            ("see @a\t", "> see @a.txt"),
        ):
            chat.type(CTRL_C + typed)
            chat.wait_for(
                lambda chat, whole=whole: chat.terminal.screen[chat.row] == whole,  # type: ignore[misc] # mypy infers no type
                whole,
            )


def test_the_menu_of_files_opens_after_an_at_sign(
    srchat: Srchat, serve: Serve, files: Path
) -> None:
    with ChatTerminal(srchat, serve(answer("Fine.")).url) as chat:
        chat.wait_for_prompt()
        chat.type("see @")
        chat.wait_for_text("my notes.txt")
        assert re.search(r"^ {7}a\.txt", chat.text, re.MULTILINE)
