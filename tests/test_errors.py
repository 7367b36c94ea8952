"""Errors as users see them: exit codes, messages and hints."""

import re
import signal

import pytest

from srchat import errors
from srchat.errors import Interrupted, SrchatError, broken_installation, reason_of


def test_a_broken_installation_without_pythonpath_does_not_blame_it() -> None:
    error = broken_installation(ImportError("no such package"), {"PYTHONPATH": ""})
    assert error.message == "cannot start: ImportError: no such package"
    assert error.hint.startswith("reinstall srchat;")


def test_the_table_of_errors_has_their_exit_codes() -> None:
    table = dict(re.findall(r"^[│├└─ ]*(\w+Error) +(\d+)  ", errors.__doc__ or "", re.MULTILINE))
    classes = [SrchatError]
    for each in classes:
        classes += each.__subclasses__()
    own = {each.__name__: each.exit_code for each in classes if each.__module__ == errors.__name__}
    assert {name: int(code) for name, code in table.items()} == own


@pytest.mark.parametrize("signum", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_an_interruption_exits_like_a_program_that_the_signal_ended(signum: int) -> None:
    interrupted = Interrupted(signum)
    assert interrupted.exit_code == 128 + signum
    assert not isinstance(interrupted, Exception)


def test_the_reason_of_a_failure_is_the_systems() -> None:
    assert reason_of(FileNotFoundError(2, "No such file or directory", "x")) == (
        "No such file or directory"
    )
    assert reason_of(OSError("timed out")) == "timed out"
    assert reason_of(ValueError("embedded null byte")) == "embedded null byte"
