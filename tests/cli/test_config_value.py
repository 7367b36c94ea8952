"""The value for `srchat config set`: from arguments, a pipe, or typed; checked, then saved."""

import pytest

from tests.conftest import Srchat
from tests.support.configuring import KEY, config_file, read_config


def test_every_kind_of_value_can_be_set(srchat: Srchat) -> None:
    for words in (
        ("stop", "END", "STOP"),
        ("api_key_command", "pass", "show", "srchat"),
        ("fallback_models", "[]"),
        ("system", ""),
        ("stream", "no"),
        ("profile", "demo"),
    ):
        assert srchat("config", "set", *words) == (0, b"", ""), words
    assert read_config(srchat) == {
        "stop": ["END", "STOP"],
        "api_key_command": ["pass", "show", "srchat"],
        "fallback_models": [],
        "system": "",
        "stream": False,
        "profile": "demo",
    }


def test_a_dash_reads_the_value_from_standard_input(srchat: Srchat) -> None:
    assert srchat("config", "set", "system", "-", stdin=b"  two\r\nlines \n").code == 0
    assert srchat("config", "set", "retries", "-", stdin=b"1\n").code == 0
    assert read_config(srchat) == {"system": "  two\r\nlines ", "retries": 1}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("temprature", "1"), 3, "unknown setting 'temprature'\nhint: did you mean 'temperature'?"),
        (("temperature", "3"), 3, "temperature is '3'; must be a number from 0 to 2"),
        (
            ("max_tokens", "many"),
            3,
            "max_tokens is 'many'; must be an integer of at least 1",
        ),
        (("base_url", "example.com"), 3, "base_url is 'example.com'; must be an http://"),
        (("profile", "wrk"), 3, "no profile 'wrk'"),
        (("model",), 2, "missing value for model"),
        (("model", "a", "b"), 2, "model takes one value, not 2"),
        (
            ("stop", "", "END"),
            3,
            "stop is invalid; must be a list of non-empty strings",
        ),
        (("api_key",), 3, "the API key is empty"),
        (("-p", "", "model", "x"), 2, "a profile needs a name"),
        (("-p", "work", "profile", "demo"), 2, "a profile cannot name a profile"),
        ((), 2, "missing argument 'NAME'"),
    ],
)
def test_an_invalid_value_is_rejected(
    srchat: Srchat, words: tuple[str, ...], code: int, message: str
) -> None:
    result = srchat("config", "set", *words)
    assert (result.code, result.out) == (code, b"")
    assert message in result.err
    assert len(result.messages) == 1
    assert not config_file(srchat).exists()


def test_a_configuration_file_named_like_a_profile_is_not_one(srchat: Srchat) -> None:
    path = srchat.home / "profile work"
    path.write_text('profile = "work"\n[profiles.work]\nmodel = "w"\n')
    path.chmod(0o600)
    result = srchat("config", "set", "model", "x", SRCHAT_CONFIG="profile work")
    assert (result.code, result.err) == (
        0,
        "srchat: warning: model is set, but profile work takes precedence\n",
    )


def test_a_key_comes_from_standard_input_and_is_never_shown(srchat: Srchat) -> None:
    results = [
        srchat("config", "set", "api_key", "-", stdin=f" {KEY}\r\n".encode()),
        srchat("config", "set", "api_key", KEY),
        srchat("config", "set", KEY, "x"),
        srchat("config", "set", "model", "x", KEY),
        srchat("config", "set", "retries", KEY),
        srchat("config", "unset", KEY),
        srchat("config", "get", KEY),
        srchat("config", "get", "api_key"),
        srchat("config", "show"),
        srchat("config", "show", "--json"),
        srchat(
            "config", "check", SRCHAT_DEBUG="1", SRCHAT_RETRIES="0", HTTPS_PROXY="http://[::1]:9"
        ),
        srchat("config", "set", "api_key", "-", stdin=f"{KEY}\nX-Evil: 1".encode()),
        srchat("config", "set", "api_key", "-", stdin=f"{KEY}é".encode()),
        srchat("config", "set", "api_key", "-", stdin=f"{KEY} {KEY}".encode()),
        srchat("config", "show", SRCHAT_API_KEY=f"{KEY}\r\nX-Evil: 1"),
    ]
    assert read_config(srchat) == {"api_key": KEY}
    assert [result.code for result in results] == [0, 2, 3, 2, 3, 3, 3, 0, 0, 0, 8, 3, 3, 3, 3]
    for result in results:
        assert KEY not in result.text + result.err


def test_set_accepts_name_equals_value(srchat: Srchat) -> None:
    assert srchat("config", "set", "model=a=b") == (0, b"", "")
    assert read_config(srchat) == {"model": "a=b"}


def test_set_reads_a_key_from_a_pipe_and_confirms_it(srchat: Srchat) -> None:
    result = srchat("config", "set", "api_key", stdin=f"{KEY}\n".encode())
    assert result == (0, b"", f"srchat: saved api_key in {config_file(srchat)}\n")
    assert read_config(srchat) == {"api_key": KEY}


def test_config_set_writes_headers_and_variables(srchat: Srchat) -> None:
    assert srchat("config", "set", "headers.X-Team", "a").code == 0
    assert srchat("config", "set", "-p", "tr", "vars.lang", "German").code == 0
    text = (srchat.home / "config.toml").read_text()
    assert text == '[headers]\nX-Team = "a"\n\n[profiles.tr.vars]\nlang = "German"\n'
    result = srchat("config", "set", "headers.Host", "a")
    assert result.code == 3
    assert "headers.Host is not allowed; headers takes names and" in result.err
    assert srchat("config", "unset", "headers.X-Team").code == 0
    assert "X-Team" not in (srchat.home / "config.toml").read_text()


@pytest.mark.parametrize(
    "words",
    [
        ("temperature", "=", "0.7"),
        ("temperature=", "0.7"),
        ("stop", "=", "END"),
        ("params.top_k", "=", "1"),
    ],
)
def test_set_with_spaces_around_the_equals_sign_says_how_to_write_it(
    srchat: Srchat, words: tuple[str, ...]
) -> None:
    name = words[0].removesuffix("=")
    result = srchat("config", "set", *words)
    assert (result.code, result.err.splitlines()) == (
        2,
        [
            f"srchat: error: config set: spaces around the = of {name}",
            f"hint: to set it: srchat config set {name} VALUE",
        ],
    )
    assert not config_file(srchat).exists()


@pytest.mark.parametrize("words", [("api_key", "=", KEY), ("api_key=", KEY), ("api_key=", "-")])
def test_a_key_after_an_equals_sign_is_refused_as_a_key(
    srchat: Srchat, words: tuple[str, ...]
) -> None:
    result = srchat("config", "set", *words)
    assert (result.code, KEY in result.err) == (2, False)
    assert "api_key is not accepted on the command line" in result.err
    assert not config_file(srchat).exists()


def test_set_suggests_the_url_of_a_host(srchat: Srchat) -> None:
    result = srchat("config", "set", "base_url", "localhost:8000")
    assert result.code == 3
    assert result.err.splitlines()[1] == "hint: did you mean http://localhost:8000/v1?"
    result = srchat("ask", "q", "--base-url", "localhost:8000")
    assert "'localhost:8000'; did you mean http://localhost:8000/v1?" in result.err


def test_set_names_the_profile_of_a_key(srchat: Srchat) -> None:
    result = srchat("config", "set", "-p", "work", "api_key", stdin=KEY.encode())
    said = f"srchat: saved api_key in profile work of {config_file(srchat)}\n"
    assert result == (0, b"", said)
