"""Damaged and special files are set aside or rejected, never overwritten."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Serve, Srchat
from tests.support.damaged_files import DAMAGE, create_history, delete, noise, torn_schema
from tests.support.server import answer, json_response
from tests.support.waiting import WAIT_TIMEOUT


@pytest.mark.parametrize("damage", DAMAGE)
def test_ask_answers_with_a_damaged_history(
    path: Path, damage: Callable[[Path], None], srchat: Srchat, serve: Serve
) -> None:
    damage(path)
    server = serve(answer("All ", "of ", "it."))
    result = srchat("ask", "hi", "--base-url", server.url)
    assert (result.code, result.text) == (0, "All of it.\n")
    assert len(result.messages) == 1
    assert "the history was damaged; it was moved to" in result.err
    assert len([file for file in path.parent.iterdir() if ".broken-" in file.name]) == 1
    after = srchat("history", "list")
    assert after.text.endswith("\thi\n")
    assert after.err == ""


def test_a_directory_that_cannot_be_created_causes_a_warning(srchat: Srchat, serve: Serve) -> None:
    (srchat.home / "file").write_text("")
    server = serve(answer("All of it."))
    result = srchat(
        "ask", "hi", "--base-url", server.url, SRCHAT_DATA=str(srchat.home / "file" / "data")
    )
    assert (result.code, result.text) == (0, "All of it.\n")
    assert "this answer was not stored" in result.err
    assert len(result.messages) == 1


def test_a_full_disk_causes_a_warning(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer(*["word " * 2000] * 50))
    command = [*srchat.command("ask", "hi", "--base-url", server.url)]
    # 60 KiB for each file: enough for the tables, not for the answer.
    limited = ["sh", "-c", 'ulimit -f 120; exec "$@"', "sh", *command]
    done = subprocess.run(
        limited, env=srchat.plain_env, cwd=srchat.home, capture_output=True, timeout=WAIT_TIMEOUT,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == ("word " * 100_000).encode() + b"\n"
    assert done.stderr.count(b"\n") == 1
    assert b"this answer was not stored" in done.stderr
    after = srchat("history", "list")
    assert after.code == 0


def test_every_command_that_sets_a_damaged_history_aside_warns(
    path: Path, srchat: Srchat, serve: Serve
) -> None:
    entry = {"id": "m", "object": "model", "max_model_len": 1024}
    server = serve(json_response({"object": "list", "data": [entry]}))
    (srchat.home / "in.json").write_text('{"srchat_history": 1, "conversations": []}')
    for command in (["models", "--base-url", server.url], ["history", "import", "in.json"]):
        delete(path)
        noise(path)
        result = srchat(*command)
        assert result.code == 0
        assert result.err.count("the history was damaged; it was moved to") == 1


def test_chat_warns_once_of_a_damaged_history(path: Path, srchat: Srchat, serve: Serve) -> None:
    noise(path)
    server = serve(answer("one"))
    result = srchat("chat", "--base-url", server.url, stdin=b"a\nb\nc\n")
    assert (result.code, result.text) == (0, "one\none\none\n")
    assert result.err.count("the history was damaged") == 1


def test_continuing_from_a_damaged_history_is_an_error(
    path: Path, srchat: Srchat, serve: Serve
) -> None:
    noise(path)
    server = serve(answer("one"))
    for _ in range(2):
        result = srchat("ask", "-c", "and?", "--base-url", server.url)
        assert (result.code, server.requests) == (9, [])
        assert "is damaged" in result.err


@pytest.mark.parametrize(
    "words", [("list",), ("show",), ("search", "x"), ("export", "--all"), ("delete", "--all", "-y")]
)
def test_reading_commands_set_nothing_aside(
    path: Path, srchat: Srchat, words: tuple[str, ...]
) -> None:
    torn_schema(path)
    before = path.read_bytes()
    result = srchat("history", *words)
    assert result.code == 9
    assert "is damaged" in result.err
    assert "srchat history import" in result.err
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir() if "broken" in file.name] == []


def test_import_restores_a_history_set_aside(path: Path, srchat: Srchat, serve: Serve) -> None:
    create_history(path)
    count = len(srchat("history", "list").text.splitlines())
    assert count
    path.rename(path.with_name("old.db"))
    result = srchat("history", "import", str(path.with_name("old.db")))
    assert (result.code, len(srchat("history", "list").text.splitlines())) == (0, count)


def test_delete_all_deletes_files_set_aside_and_typed_lines(path: Path, srchat: Srchat) -> None:
    create_history(path)
    typed = path.with_name("typed_lines")
    typed.write_text('"secret"\n')
    aside = path.with_name("history.db.broken-20260101-000000-1")
    aside.write_bytes(b"secret")
    result = srchat("history", "delete", "--all", "--yes")
    assert result.code == 0
    assert "typed_lines, history.db.broken-20260101-000000-1 deleted" in result.err
    assert not typed.exists()
    assert not aside.exists()


def test_after_each_ask_the_database_is_checkpointed(
    path: Path, srchat: Srchat, serve: Serve, tmp_path: Path
) -> None:
    server = serve(answer("one"))
    for number in range(1, 4):
        srchat("ask", f"prompt {number}", "--base-url", server.url)
        (tmp_path / "copy").mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / "copy/history.db")
        listed = srchat("history", "list", SRCHAT_DATA=str(tmp_path / "copy"))
        assert len(listed.text.splitlines()) == number
        assert [file.name for file in path.parent.iterdir()] == ["history.db"]


def test_a_backup_can_be_restored(path: Path, srchat: Srchat, serve: Serve, tmp_path: Path) -> None:
    server = serve(answer("one"))
    srchat("ask", "before", "--base-url", server.url)
    shutil.copy(path, tmp_path / "backup.db")
    srchat("ask", "after", "--base-url", server.url)
    shutil.copy(tmp_path / "backup.db", path)
    result = srchat("history", "list")
    assert (result.code, result.err) == (0, "")
    assert [line.split("\t")[-1] for line in result.text.splitlines()] == ["before"]
