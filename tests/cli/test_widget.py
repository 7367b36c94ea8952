"""`srchat widget`: what it prints, and keys that it refuses to bind."""

import pytest

from srchat.widget_scripts import WIDGETS
from tests.conftest import Srchat


@pytest.mark.parametrize("key", ["a'b", "a b", "$(x)", "a;b", "", "`x`", "a\nb", "x" * 21])
def test_a_key_binding_with_shell_code_is_refused(srchat: Srchat, key: str) -> None:
    result = srchat("widget", "bash", "--key", key)
    assert (result.code, result.out) == (2, b"")


@pytest.mark.parametrize("shell", WIDGETS)
def test_the_widget_binds_no_key_by_default(srchat: Srchat, shell: str) -> None:
    lines = srchat("widget", shell).text.splitlines()
    assert lines[-1].startswith("# To bind a key: bind")
