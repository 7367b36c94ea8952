"""`srchat history delete`: files that cannot be deleted."""

from tests.cli.test_history import store_conversation
from tests.conftest import Srchat


def test_a_file_that_cannot_be_deleted_is_named(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"))
    other = srchat.history.with_name("history.db.broken-1")
    other.mkdir()
    result = srchat("history", "delete", "--all", "-y")
    assert (result.code, result.out) == (9, b"")
    assert result.err == f"srchat: error: cannot delete {other}: Is a directory\n"
