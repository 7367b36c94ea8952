"""Reading config.toml, with errors by line."""

from pathlib import Path

import pytest

from srchat.config import file as config_file
from srchat.errors import ConfigError


def test_a_missing_file_sets_nothing(tmp_path: Path) -> None:
    file = config_file.load(tmp_path / "config.toml")
    assert (file.values, file.profiles, file.profile) == ({}, {}, None)


def test_a_byte_order_mark_and_crlf_are_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b'\xef\xbb\xbfmodel = "x"\r\n[profiles.work]\r\nretries = 0\r\n')
    file = config_file.load(path)
    assert file.values == {"model": "x"}
    assert file.profiles == {"work": {"retries": 0}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model = 'x'\nretries 3\n", "line 2: not valid TOML"),
        ("\nmodel = x\n", "line 2 (model): not valid TOML: Invalid value"),
        ("stop = ['a'\n\n", "line 1 (stop): not valid TOML"),
        ("\n\nmodel = 'x\n", "line 3 (model): not valid TOML"),
        ("model = 1\nmodel = 2\n", "line 2 (model): not valid TOML: Cannot overwrite a value"),
        ("[profiles.a]\n[profiles.a]\n", "line 2: not valid TOML"),
        ("max_tokens = " + "1" * 5000, "not valid TOML: Exceeds the limit"),
        ("stop = " + "[" * 5000, "nested too deeply"),
        ("\nretries = 'three'\n", "line 2: retries is 'three'; must be an integer"),
        ("retries = 1.0", "line 1: retries is 1.0; must be an integer from 0 to 100"),
        ("stream = 1", "line 1: stream is 1; must be true or false"),
        ("retries = true", "line 1: retries is true; must be an integer"),
        ("system = 3", "line 1: system is 3; must be text"),
        ("stop = [1]", "line 1: stop is invalid; must be a list of non-empty strings"),
        ("temperature = nan", "line 1: temperature is nan; must be a number from 0 to 2"),
        (
            "system = '''\ntop_p = 9\n'''\n[profiles.\"a b\"]\n# x\ntop_p = 9\n",
            "line 6: top_p is 9; must be a number from 0 to 1",
        ),
        ("profiles = { w = { top_p = 9 } }", "line 1: top_p is 9"),
        ("\n[profiles]\nw = 3\n", "line 3: profiles.w is not a table"),
        ("profiles = 3", "line 1: profiles is not a table"),
        ("model = 'x'\n[[profiles]]\nmodel = 'y'\n", "line 2: profiles is not a table"),
        ("\n[[work]]\nmodel = 3\n", "line 2: unknown setting 'work'"),
        ("profile = 3", "line 1: profile must be a name"),
        ("base_url = 'ftp://x'", "line 1: base_url is 'ftp://x'; must be an http:// or"),
        ("api_key_command = 'pass x'", "line 1: api_key_command is 'pass x'; must be a list"),
        ("api_key_command = []", "line 1: api_key_command is invalid; must be a list"),
    ],
)
def test_errors_name_the_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        config_file.load(path)
    assert caught.value.message.startswith(str(path))
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("modell = 'x'", "did you mean 'model'?"),
        ("[profiles.w]\napikey = 'x'", "did you mean 'api_key'?"),
        ("[work]\nmodel = 'x'", "did you mean [profiles.work]?"),
        ("model = x", "fix it with: srchat config edit"),
    ],
)
def test_errors_have_a_hint(text: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_file.parse(Path("config.toml"), text)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    "text",
    [
        "api_key = sk-srt-secret",
        "api_key = 'sk-srt-secret",
        "api_key = ['sk-srt-secret']",
        "sk-srt-secret = 1",
        "model = ['sk-srt-secret']",
        "base_url = 'https://me:secret@example.com'",
        "sk-srt-secret",
    ],
)
def test_errors_never_show_a_key(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_file.parse(Path("config.toml"), text)
    assert "secret" not in caught.value.message + caught.value.hint


def test_invalid_utf8_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b'retries = 1\nmodel = "\xff"\n')
    with pytest.raises(ConfigError, match=r"line 2: not UTF-8 text \(byte 0xff\)"):
        config_file.load(path)


def test_a_directory_or_endless_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*: Is a directory"):
        config_file.load(tmp_path)
    with pytest.raises(ConfigError, match="cannot read /dev/zero: over 1048576 bytes"):
        config_file.load(Path("/dev/zero"))
