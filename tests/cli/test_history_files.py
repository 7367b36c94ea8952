"""`srchat history export` and `import`: nothing is lost or doubled; bad files change nothing."""

import contextlib
import json
import subprocess
import sys
import time

import pytest

from srchat.history.store import ConversationStore
from tests.conftest import Serve, Srchat
from tests.support.server import answer
from tests.support.stored import ATTACK, NOW, on_terminal, store_conversation

# The disk is full only for srchat; coverage.py writes files at exit.
FULL_DISK = """
import atexit, resource, sys
sys.dont_write_bytecode = True  # it would be truncated
_, maximum = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (2048, maximum))
atexit.register(resource.setrlimit, resource.RLIMIT_FSIZE, (maximum, maximum))
from srchat.__main__ import main
main()
"""


def test_a_database_that_cannot_be_copied_is_reported(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"))
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, "history", "import", str(srchat.history)],
        env=srchat.env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    message = f"srchat: error: cannot read {srchat.history}: File too large\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


NASTY = ("lone \ud800 half, NUL \x00, \r\n and \x1b[2J", "x" * 100_000 + "\udfff")


def test_an_export_on_a_terminal_is_inert(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("hi", ATTACK))
    with on_terminal(srchat, "export", "aaaa") as session:
        assert session.wait() == 0
    assert b"\x1b]0;" not in session.raw
    assert any("evil" in line for line in session.lines)


def test_all_and_an_id_cannot_be_combined(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"))
    result = srchat("history", "export", "--all", "aaaa")
    assert (result.code, result.out) == (2, b"")
    assert "cannot be combined" in result.err


def test_an_export_is_imported_exactly_and_once(srchat: Srchat) -> None:
    first = store_conversation(
        srchat, "aaaa1111", NASTY, ("more", "text"), age=9, system="Be \udc00 brief."
    )
    second = store_conversation(srchat, "bbbb2222", ("two", "2"))
    exported = srchat("history", "export", "--all", "--format", "json").out
    (srchat.home / "out.json").write_bytes(exported)
    srchat.env["SRCHAT_DATA"] = str(srchat.home / "other")
    result = srchat("history", "import", "out.json")
    assert result == (0, b"", "srchat: 3 new turns in 2 of 2 conversations\n")
    assert srchat("history", "export", "--all", "--format", "json").out == exported
    again = srchat("history", "import", "-", stdin=exported)
    assert again.err == "srchat: 0 new turns in 0 of 2 conversations\n"
    store = ConversationStore(srchat.home / "other" / "history.db")
    assert [store.load(summary.id) for summary in store.summaries()] == [second, first]
    store.close()


def test_a_long_answer_is_stored_in_parts_and_handled_as_one(srchat: Srchat, serve: Serve) -> None:
    text = "".join(f"{number:89}\n" for number in range(40_000))
    server = serve(
        answer(*(text[begin : begin + 999_999] for begin in range(0, len(text), 999_999)))
    )
    assert srchat("ask", "count", "--base-url", server.url).text == text
    with contextlib.closing(ConversationStore(srchat.history)) as store:
        ((longest,),) = store.database.query("SELECT max(length(text)) FROM reply_part")
        assert store.database.query("SELECT length(reply) FROM turn") == [(longest,)]
    assert 0 < longest < len(text) / 3
    assert srchat("last").text == text
    for query in ("7", "39999", "39998 39999", "39998\n  "):
        assert "count" in srchat("history", "search", query).text
    exported = srchat("history", "export", "--format", "json")
    assert json.loads(exported.text)["conversations"][0]["turns"][0]["reply"] == text
    assert srchat("history", "delete", "--all", "--yes").code == 0
    (srchat.home / "exported.json").write_bytes(exported.out)
    assert srchat("history", "import", "exported.json").code == 0
    assert srchat("history", "export", "--format", "json").text == exported.text


def test_a_conversation_without_a_title_gets_that_of_its_first_new_turn(srchat: Srchat) -> None:
    turn = {"id": "t001", "prompt": "hello"}
    for turns in ([], [turn]):
        items = [{"id": "aaaa1111", "turns": turns}]
        document = json.dumps({"srchat_history": 1, "conversations": items})
        assert srchat("history", "import", "-", stdin=document.encode()).code == 0
    assert srchat("history", "list").text.endswith("\thello\n")


def test_one_conversation_is_exported_as_markdown(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"), age=5)
    store_conversation(srchat, "bbbb2222", ("two", "2 \udc00"))
    assert srchat("history", "export").text.startswith("# two\n")
    assert srchat("history", "export").text.endswith("2 \ufffd\n")
    text = srchat("history", "export", "aaaa", "bbbb").text
    assert text.index("# one") < text.index("\n---\n") < text.index("# two")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"srchat_history": 9, "conversations": []}', "[" * 100_000,
     '{"srchat_history": 1, "conversations": [{"id": "../../x", "turns": []}]}'],
)  # fmt: skip
def test_an_invalid_export_is_not_imported(srchat: Srchat, text: str) -> None:
    (srchat.home / "in.json").write_text(text)
    result = srchat("history", "import", "in.json")
    assert result.code == 2
    assert result.err.startswith("srchat: error: cannot import in.json: ")
    assert len(result.messages) == 1
    assert not (srchat.home / ".local").exists()


def test_an_import_of_markdown_is_an_error_with_a_hint(srchat: Srchat) -> None:
    (srchat.home / "in.md").write_text("# one\n")
    assert "it is not JSON" in (err := srchat("history", "import", "in.md").err)
    assert "export --format json" in err


def test_an_import_from_the_future_does_not_affect_later_times(srchat: Srchat) -> None:
    turns = [{"id": "0001", "prompt": "from the future"}]
    item = {"id": "abcd", "used_at": 9e10, "turns": turns}
    document = {"srchat_history": 1, "conversations": [item]}
    result = srchat("history", "import", "-", stdin=json.dumps(document).encode())
    assert result.err == "srchat: 1 new turn in 1 of 1 conversation\n"
    (found,) = json.loads(srchat("history", "list", "--json").out)
    assert NOW <= found["used_at"] <= time.time()


def test_an_import_from_a_non_blocking_pipe_is_complete(
    srchat: Srchat,
) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"))
    exported = srchat("history", "export", "--format", "json").out
    srchat.env["SRCHAT_DATA"] = str(srchat.home / "other")
    parts = (exported[:20], exported[20:])
    result = srchat.run_nonblocking("history", "import", "-", parts=parts)
    assert result == (0, b"", "srchat: 1 new turn in 1 of 1 conversation\n")


def test_an_import_that_is_not_utf_8_is_refused(srchat: Srchat) -> None:
    result = srchat("history", "import", "-", stdin=b'{"srchat_history": "\xe4"}')
    assert result.code == 2
    assert "not UTF-8" in result.err


def test_a_file_truncated_at_its_end_changes_nothing(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"))
    document = json.loads(srchat("history", "export", "--format", "json").out)
    document["conversations"][0]["id"] = "bbbb2222"
    document["conversations"].append({"id": 5})
    assert srchat("history", "import", "-", stdin=json.dumps(document).encode()).code == 2
    assert len(srchat("history", "list").text.splitlines()) == 1
    assert srchat("history", "import", "no-such-file").code == 2
