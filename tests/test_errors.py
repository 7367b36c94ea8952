"""Errors as users see them: exit codes, messages and hints."""

from srchat.errors import broken_installation


def test_a_broken_installation_without_pythonpath_does_not_blame_it() -> None:
    error = broken_installation(ImportError("no such package"), {"PYTHONPATH": ""})
    assert error.message == "cannot start: ImportError: no such package"
    assert error.hint.startswith("reinstall srchat;")
