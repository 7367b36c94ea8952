"""What is reported after a change: overridden values, and which key goes to which server."""

from tests.conftest import Srchat
from tests.support.configuring import KEY, config_file


def test_an_overridden_value_is_reported(srchat: Srchat) -> None:
    srchat.configure('profile = "work"\n[profiles.work]\nmodel = "w"\n')
    result = srchat("config", "set", "model", "x")
    assert (result.code, result.err) == (
        0,
        "srchat: warning: model is set, but profile work takes precedence\n",
    )
    result = srchat("config", "set", "retries", "1", SRCHAT_RETRIES="2")
    assert "variable SRCHAT_RETRIES takes precedence" in result.err
    result = srchat("config", "set", "profile", "work", SRCHAT_PROFILE="demo")
    assert (
        result.err
        == "srchat: warning: profile is set, but variable SRCHAT_PROFILE takes precedence\n"
    )


def test_the_server_and_the_key_in_use_are_reported(srchat: Srchat) -> None:
    url = "https://other.example/v1"
    result = srchat("config", "set", "base_url", "https://a.example/v1", SRCHAT_BASE_URL=url)
    message = "variable SRCHAT_BASE_URL takes precedence: requests go to"
    assert result.err == f"srchat: warning: base_url is set, but {message} {url}\n"
    result = srchat(
        "config", "set", "base_url", "https://a.example/v1", SRCHAT_BASE_URL=url, SRCHAT_API_KEY=KEY
    )
    message = f"srchat: warning: base_url is set, but {message} {url}"
    assert result.err == f"{message}, with the api_key of variable SRCHAT_API_KEY\n"
    result = srchat("config", "set", "api_key", "-", stdin=KEY.encode(), SRCHAT_BASE_URL=url)
    assert result.err == (
        f"srchat: saved api_key in {config_file(srchat)}\n"
        f"srchat: warning: api_key is set, but it is not sent to {url} (variable SRCHAT_BASE_URL)\n"
    )


def test_an_overridden_key_is_reported(srchat: Srchat) -> None:
    srchat.configure(f'api_key = "{KEY}"\n[profiles.work]\napi_key_command = ["pass"]\n')
    result = srchat("config", "set", "api_key_command", "pass", "x")
    stronger = "api_key_command is set, but the api_key of"
    assert f"{stronger} {config_file(srchat)} takes precedence" in result.err
    result = srchat("config", "set", "api_key", "-", stdin=KEY.encode(), SRCHAT_PROFILE="work")
    stronger = "api_key is set, but the api_key_command of"
    assert f"{stronger} profile work takes precedence" in result.err


def test_set_reports_which_key_is_sent_to_a_new_base_url(srchat: Srchat) -> None:
    srchat("config", "set", "api_key", "-", stdin=KEY.encode())
    result = srchat("config", "set", "base_url", "https://other.example/v1")
    assert f"the api_key of {config_file(srchat)} goes to https://other.example/v1" in result.err


def test_unset_reports_a_server_that_now_gets_another_key(srchat: Srchat) -> None:
    srchat.configure(f'base_url = "https://other.example/v1"\napi_key = "{KEY}"\n')
    result = srchat("config", "unset", "base_url")
    assert (
        f"the api_key of {config_file(srchat)} goes to https://api.solidrust.ai/v1\n" in result.err
    )
