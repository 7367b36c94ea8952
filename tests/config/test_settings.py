"""The table of settings."""

import pytest

from srchat.config.checks import checked
from srchat.config.settings import SETTINGS, Config
from srchat.config.value_types import Choice


def test_every_setting_has_a_description_and_all_but_three_a_variable() -> None:
    # Environment variables must not set headers or text that is sent with every prompt.
    without = {"prompt", "vars", "headers"}
    for name, entry in SETTINGS.items():
        assert entry.variable == ("" if name in without else f"SRCHAT_{name.upper()}")
        assert entry.help
        assert entry.value_type.description


def test_every_default_is_valid() -> None:
    for name, entry in SETTINGS.items():
        if entry.default is not None:
            assert checked(name, entry.default, "") == entry.default


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("keys", "emacs or vi"),
        ("color", "auto, always or never"),
        ("retries", "an integer from 0 to 100"),
        ("temperature", "a number from 0 to 2"),
        ("max_tokens", "an integer of at least 1"),
    ],
)
def test_allowed_values_are_described(name: str, words: str) -> None:
    assert SETTINGS[name].value_type.description == words


def test_the_help_of_an_option_names_its_choices() -> None:
    for entry in SETTINGS.values():
        if entry.flags and isinstance(entry.value_type, Choice):
            assert all(word in entry.help for word in entry.value_type.words)


def test_the_key_is_not_in_the_repr_of_config() -> None:
    assert "sk-secret" not in repr(Config(api_key="sk-secret"))
