"""Slash commands for files and the clipboard."""

import base64
import re
from pathlib import Path

from srchat.repl.file_commands import _real
from tests.conftest import Serve, Srchat
from tests.support.chatting import ENTER, ChatTerminal, chat_on, sent_messages
from tests.support.server import answer

CODE = "Text\n\n```py\nprint(1)\n\nprint(2)\n```\n\n- item\n  ```sh\n  ls\n  ```\n\n~~~\nlast"


def test_copy_sends_the_exact_text_through_the_terminal(srchat: Srchat, serve: Serve) -> None:
    text = f"{'long ' * 60}\x1b[31m **bold**\n\n{CODE}"
    with chat_on(srchat, serve, text, PATH="/nonexistent") as chat:
        chat.run("hi")
        assert "copied the answer through the terminal" in chat.run("/copy")
        chat.run("/copy 2")
        assert "the answer has 3 code blocks" in chat.run("/copy 4").replace("\n", " ")
        copied = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", chat.raw)
    assert [base64.b64decode(data).decode() for data in copied] == [text, "ls\n"]


def test_copy_uses_a_tool_if_installed(srchat: Srchat, serve: Serve, tmp_path: Path) -> None:
    tool = tmp_path / "bin" / "xclip"
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\n/bin/cat > "$HOME/clip"\n')
    tool.chmod(0o755)
    with chat_on(srchat, serve, "**x**", PATH=str(tool.parent), DISPLAY=":9") as chat:
        chat.run("hi")
        assert "with xclip" in chat.run("/copy")
        assert b"\x1b]52" not in chat.raw
    assert (srchat.home / "clip").read_text() == "**x**"


def test_files_are_sent_once_and_can_be_removed(srchat: Srchat, serve: Serve) -> None:
    (srchat.home / "a.txt").write_text("AAA\n")
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("/file a.txt")
        chat.wait_for(lambda _: "1 file" in chat.status)
        chat.run("/file -")
        chat.run("one")
        chat.run("/file a.txt")
        chat.run("two")
        chat.run("three")
    contents = [content for role, content in sent_messages(server) if role == "user"]
    assert contents == ["one", '<file name="a.txt">\nAAA\n</file>\n\ntwo', "three"]


def test_a_pattern_attaches_the_files_that_match(srchat: Srchat, serve: Serve) -> None:
    for name, text in (("b.py", "BBB"), ("a.py", "AAA"), ("c.txt", "C"), ("d.bin", "\0")):
        (srchat.home / "src").mkdir(exist_ok=True)
        (srchat.home / "src" / name).write_text(text)
    (srchat.home / "src" / "folder.py").mkdir()
    (srchat.home / "[x].py").write_text("XX")
    with ChatTerminal(srchat, serve(answer("Fine.")).url) as chat:
        shown = chat.run("/file src/*.py").replace("\n", " ")
        assert "next prompt: src/a.py (3 characters), src/b.py (3 characters)" in shown
        chat.run("/file -")
        assert "src/b.py (3 characters)" in chat.run("/file **/b*")
        chat.run("/file -")
        assert "next prompt: [x].py (2 characters)" in chat.run("/file [x].py")
        chat.run("/file -")
        shown = chat.run("/file src/*").replace("\n", " ")
        assert "warning: not attached: src/d.bin is not text" in shown
        assert "src/c.txt (1 characters)" in shown
        assert "no file matches *.rs" in chat.run("/file *.rs")
        chat.type("/file \x1b[200~a\0/*\x1b[201~" + ENTER)
        chat.wait_for_text("no file matches a")


def test_a_pattern_with_too_many_matches_is_an_error(srchat: Srchat, serve: Serve) -> None:
    for number in range(101):
        (srchat.home / f"{number}.txt").touch()
    with (srchat.home / "a.log").open("wb") as log, (srchat.home / "b.log").open("wb") as other:
        log.truncate(40 << 20)
        other.truncate(40 << 20)
    with ChatTerminal(srchat, serve(answer("Fine.")).url) as chat:
        assert "*.txt matches more than 100 files" in chat.run("/file *.txt")
        assert "*.log is over 64 MB" in chat.run("/file *.log")
        assert "no files attached" in chat.run("/file")


def test_a_file_attached_again_is_read_again(srchat: Srchat, serve: Serve) -> None:
    (srchat.home / "a.txt").write_text("AAA\n")
    (srchat.home / "b.txt").write_text("BBB\n")
    (srchat.home / "link.txt").symlink_to("a.txt")
    server = serve(answer("Fine."))
    with ChatTerminal(srchat, server.url) as chat:
        chat.run("/file ?.txt")
        (srchat.home / "a.txt").write_text("changed\n")
        shown = chat.run("/file ./link.txt").replace("\n", " ")
        assert "next prompt: b.txt (4 characters), ./link.txt (8 characters)" in shown
        chat.run("go")
    assert sent_messages(server)[0][1].count("<file") == 2


def test_an_invalid_path_has_no_real_path() -> None:
    assert _real("a\0b") == "a\0b"


def test_a_path_dropped_on_the_terminal_is_unquoted(srchat: Srchat, serve: Serve) -> None:
    (srchat.home / "a b.txt").write_text("AB")
    (srchat.home / "it's").write_text("its")
    with ChatTerminal(srchat, serve(answer("Fine.")).url) as chat:
        for typed in ("'a b.txt'", r"a\ b.txt", "a b.txt"):
            assert "a b.txt (2 characters)" in chat.run(f"/file {typed}")
            chat.run("/file -")
        assert "it's (3 characters)" in chat.run("/file it's")
        assert "cannot read no such" in chat.run("/file no such")
        assert "cannot read isn't" in chat.run("/file isn't")
