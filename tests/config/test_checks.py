"""Checked values and error messages."""

import pytest

from srchat.config.checks import checked, parsed, parsed_entry
from srchat.config.settings import SETTINGS
from srchat.errors import ConfigError

FILE = "config.toml"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("retries", " 0 ", 0),
        ("temperature", "0", 0.0),
        ("timeout", "1e1", 10.0),
        *(("stream", text, True) for text in ("true", "yes", " ON ", "1")),
        *(("stream", text, False) for text in ("false", "No", "off", "0")),
        ("keys", "vi", "vi"),
        ("code_theme", "ansi_light", "ansi_light"),
        ("code_theme", "monokai", "monokai"),
        ("context_window", "1000000", 1_000_000),
        ("system", "", ""),
        ("stop", "END", ("END",)),
        ("stop", '["a", "b"]', ("a", "b")),
        ("api_key_command", "pass show 'my key'", ("pass", "show", "my key")),
        ("api_key_command", '["pass", "my key"]', ("pass", "my key")),
        ("base_url", "HTTPS://Example.com:8443/v1/", "https://Example.com:8443/v1"),
        ("base_url", " http://[::1]:80 ", "http://[::1]:80"),
        ("stop", ' ["a"]', ("a",)),
        ("api_key_command", ' ["pass"]', ("pass",)),
    ],
)
def test_text_is_parsed(name: str, text: str, value: object) -> None:
    found = parsed(name, text, "")
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("temperature", "2.1"),
        ("temperature", "nan"),
        ("temperature", "inf"),
        ("top_p", "-0.1"),
        ("max_tokens", "0"),
        ("max_tokens", "1.5"),
        ("max_tokens", "9" * 5000),
        ("retries", ""),
        ("stream", "maybe"),
        ("timeout", "0"),
        ("stop", "[1]"),
        ("stop", "['a'"),
        ("stop", ""),
        ("stop", '["a", ""]'),
        ("stop", "[" * 5000),
        ("model", ""),
        ("model", " "),
        ("api_key_command", ""),
        ("api_key_command", "pass 'x"),
        ("keys", "nano"),
        ("code_theme", "no-such-theme"),
        ("base_url", "ftp://example.com/v1"),
        ("base_url", "https://me@example.com/v1"),
        ("base_url", "https://a/v1#part"),
        ("base_url", "https://a/\x7f"),
        ("base_url", "example.com/v1"),
        ("base_url", "http://"),
        ("base_url", "http://[::1"),
        ("base_url", "http://a:port/"),
        ("base_url", "https://a/v1?key=1"),
        ("base_url", "https://a/v1?"),
        ("base_url", "https://a/v1#"),
        ("base_url", "https://a\\.b/v1"),
        ("base_url", "https://a b/"),
        ("base_url", "https://a\r\nX: 1/"),
        ("base_url", "https://exämple.com"),
    ],
)
def test_invalid_text_is_rejected_with_the_allowed_values(name: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(name, text, "here")
    assert caught.value.message.startswith(f"here: {name} ")
    assert caught.value.message.endswith(f"must be {SETTINGS[name].value_type.description}")
    assert len(caught.value.message) < 250


@pytest.mark.parametrize(
    ("name", "value", "held"),
    [
        ("temperature", 1, 1),
        ("temperature", 2.0, 2.0),
        ("stop", "END", ("END",)),
        ("stop", ["a", "b"], ("a", "b")),
        ("stop", [], ()),
        ("api_key_command", ["pass", "my key"], ("pass", "my key")),
        ("api_key_command", ["key", ""], ("key", "")),
        ("stream", False, False),
    ],
)
def test_toml_values_are_converted(name: str, value: object, held: object) -> None:
    found = checked(name, value, "")
    assert (found, type(found)) == (held, type(held))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", 3),
        ("system", ["be kind"]),
        ("base_url", 80),
        ("temperature", "1"),
        ("temperature", True),
        ("max_tokens", 10.0),
        ("max_tokens", True),
        ("retries", False),
        ("stream", 1),
        ("stream", "true"),
        ("stop", 3),
        ("stop", [1]),
        ("stop", ["a", 1]),
        ("stop", [""]),
        ("stop", {"a": 1}),
        ("api_key_command", "pass srchat"),
        ("api_key_command", []),
        ("keys", ["vi"]),
        ("code_theme", 1),
    ],
)
def test_toml_values_of_the_wrong_type_are_rejected(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"^config\.toml: {name} .*; must be "):
        checked(name, value, FILE)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("retries", 101, "is 101"),
        ("retries", True, "is true"),
        ("retries", "many", "is 'many'"),
        ("retries", "so " * 20 + "many", "is '" + "so " * 19 + "so…"),
        ("retries", "so " * 18 + "many", "is '" + "so " * 18 + "many'"),
        ("retries", ["many"], "is invalid"),
        ("retries", {"a": 1}, "is invalid"),
        ("retries", "me@home", "is invalid"),
        ("retries", "sk-1", "is invalid"),
        ("retries", "abcdefghijklm", "is invalid"),
        ("retries", "123456789012x", "is invalid"),
        ("retries", "abcdefghijkl", "is 'abcdefghijkl'"),
        ("temperature", -0.09000000000000001, "is -0.09000000000000001"),
        ("api_key", 12, "is invalid"),
    ],
)
def test_an_invalid_value_is_shown_truncated_unless_it_may_be_a_secret(
    name: str, value: object, shown: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        checked(name, value, FILE)
    allowed = SETTINGS[name].value_type.description
    assert caught.value.message == f"{FILE}: {name} {shown}; must be {allowed}"


@pytest.mark.parametrize(
    ("name", "lowest", "highest", "step"),
    [
        ("temperature", 0, 2, 0.05),
        ("top_p", 0, 1, 0.05),
        ("max_tokens", 1, None, 1),
        ("timeout", 0.1, 86400, 0.05),
        ("retries", 0, 100, 1),
        ("max_wait", 0, 120, 0.05),
        ("context_window", 1, None, 1),
    ],
)
def test_the_bounds_of_a_range_are_allowed(
    name: str, lowest: float, highest: float | None, step: float
) -> None:
    assert checked(name, lowest, FILE) == lowest
    beyond = [lowest - step]
    if highest is not None:
        assert checked(name, highest, FILE) == highest
        beyond.append(highest + step)
    for value in beyond:
        with pytest.raises(ConfigError, match=f"{FILE}: {name} is "):
            checked(name, value, FILE)


def test_an_unknown_setting_suggests_a_similar_one() -> None:
    with pytest.raises(ConfigError) as caught:
        checked("temprature", 1, FILE)
    assert caught.value.message == f"{FILE}: unknown setting 'temprature'"
    assert caught.value.hint == "did you mean 'temperature'?"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("base_url", "https://me:hunter22@example.com/v1"),
        ("retries", "sk-srt-hunter22"),
        ("sk-srt-hunter22", "x"),
    ],
)
def test_a_misplaced_secret_is_not_shown(name: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(name, text, "here")
    assert "hunter22" not in caught.value.message + caught.value.hint


def test_an_entry_of_a_table_needs_a_value() -> None:
    assert parsed_entry("params", "seed", "7", FILE) == 7
    with pytest.raises(ConfigError) as caught:
        parsed_entry("params", "seed", "", FILE)
    assert caught.value.message == "config.toml: missing value for params.seed"
