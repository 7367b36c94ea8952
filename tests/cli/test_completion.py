"""`srchat completion`: the script for a shell."""

import pytest

from srchat.completion_scripts import SCRIPTS
from tests.conftest import Srchat


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_completion_script_is_printed(srchat: Srchat, shell: str) -> None:
    assert srchat("completion", shell) == (0, SCRIPTS[shell].encode(), "")


def test_a_shell_without_a_completion_script_is_an_error(srchat: Srchat) -> None:
    result = srchat("completion", "tcsh")
    assert (result.code, result.out) == (2, b"")
    assert "tcsh" in result.err
