"""Plain lines are read without a TOML parser, all other files with it."""

import pytest

from srchat.config.profile_reader import read_profiles

URL = {"base_url": "http://a/v1"}


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("base_url = 'http://a/v1'\n[profiles.work]\n", {"": URL, "work": {}}),
        ('system = """\n[profiles.no]\n"""\n[profiles.work]\n', {"": {}, "work": {}}),
        ("system = '''\nbase_url = 1\n'''\n", {"": {}}),
        ('base_url = "http://\\u0061/v1"\n', {"": URL}),
        ("base_url = 7\n[profiles.work]\n", {"": {}, "work": {}}),
    ],
)
def test_profiles_and_their_urls_are_read(text: str, tables: dict[str, dict[str, str]]) -> None:
    assert read_profiles(text) == tables


def test_a_broken_file_is_an_error() -> None:
    with pytest.raises(ValueError, match="line 1"):
        read_profiles("base_url = http\n")
