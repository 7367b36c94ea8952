"""Which key and which headers may be sent to a server."""

import pytest

from srchat.config.checks import parsed
from srchat.config.keys import ChosenKey, choose_key, is_loopback, is_same_origin
from srchat.config.layers import LayerKind, layer_of
from srchat.config.resolution import FileSettings, key_to_send, resolve
from srchat.errors import ConfigError
from tests.support.settings import FILE, KEY, OURS, resolve_work


@pytest.mark.parametrize(
    "base_url", ["https://api.solidrust.ai", "https://API.solidrust.ai:443/v2"]
)
def test_a_key_is_sent_to_its_own_server_on_any_path(base_url: str) -> None:
    assert key_to_send(resolve_work(OURS, base_url=base_url)) == KEY


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api.solidrust.ai.evil.com/v1",
        "http://api.solidrust.ai/v1",
        "https://api.solidrust.ai:8443/v1",
        "https://solidrust.ai/v1",
        "http://127.0.0.1:8000/v1",
    ],
)
def test_a_key_in_the_file_is_sent_to_no_other_origin(base_url: str) -> None:
    for resolved in (
        resolve_work(OURS, base_url=base_url),
        resolve_work(OURS, {"base_url": base_url}),
        resolve_work(OURS, environ={"SRCHAT_BASE_URL": base_url}),
        resolve_work(environ={"SOLIDRUST_API_KEY": KEY}, work={"base_url": base_url}),
        resolve_work({"api_key_command": ("pass",)}, {"base_url": base_url}),
    ):
        assert (resolved.key, resolved.key_command) == (None, None)
        assert resolved.withheld
        assert key_to_send(resolved) is None


def test_the_key_of_a_profile_without_base_url_is_sent_to_the_next_base_url() -> None:
    resolved = resolve_work(
        {"base_url": "https://a.example/v1", "api_key": "sk-of-the-file"}, {"api_key": KEY}
    )
    assert key_to_send(resolved) == KEY
    assert resolved.origins["api_key"] == "profile work"


def test_a_key_variable_is_sent_to_the_base_url_option() -> None:
    environ = {"SRCHAT_API_KEY": KEY}
    assert key_to_send(resolve_work(environ=environ, base_url="https://a.example/v1")) == KEY


def test_srchat_api_key_is_sent_to_any_server() -> None:
    work = {"base_url": "https://a.example/v1"}
    resolved = resolve_work(
        work=work, environ={"SRCHAT_API_KEY": KEY}, base_url="https://b.example"
    )
    assert key_to_send(resolved) == KEY


@pytest.mark.parametrize(
    ("base_url", "is_sent"),
    [
        (None, True),
        ("https://api.solidrust.ai/v2", True),
        ("https://gateway.example/v1", True),  # SOLIDRUST_BASE_URL
        ("https://top.example/v1", True),  # the top level of the file
        ("https://other.example/v1", False),
        ("http://127.0.0.1:8000/v1", False),
    ],
)
def test_solidrust_api_key_is_sent_only_to_configured_servers(
    base_url: str | None, is_sent: bool
) -> None:
    environ = {"SOLIDRUST_API_KEY": KEY, "SOLIDRUST_BASE_URL": "https://gateway.example/v1"}
    options: dict[str, object] = {"base_url": base_url} if base_url else {}
    resolved = resolve_work({"base_url": "https://top.example/v1"}, environ=environ, **options)  # type: ignore[arg-type] # options by name
    assert resolved.key == (KEY if is_sent else None)
    assert resolved.withheld == (None if is_sent else "variable SOLIDRUST_API_KEY")


def test_a_file_named_like_a_variable_is_still_a_file() -> None:
    file = FileSettings("variables.toml", values={"base_url": "https://a.example", "api_key": KEY})
    resolved = resolve(file, {}, {"base_url": "https://b.example"})
    assert (resolved.key, resolved.withheld) == (None, "variables.toml")


@pytest.mark.parametrize("empty", [{"api_key": ""}, {"api_key": "", "api_key_command": ("pass",)}])
def test_an_empty_key_overrides_a_command_in_the_same_layer(empty: dict[str, object]) -> None:
    for resolved in (resolve_work(empty), resolve_work({"api_key_command": ("pass",)}, empty)):
        assert (resolved.key, resolved.key_command) == (None, None)


def test_solidrust_api_key_is_not_sent_to_the_server_of_a_profile() -> None:
    resolved = resolve_work(
        environ={"SOLIDRUST_API_KEY": KEY},
        work={"base_url": "https://a.example/v1"},
        base_url="https://b.example/v1",
    )
    assert (resolved.key, resolved.withheld) == (None, "variable SOLIDRUST_API_KEY")


def test_an_empty_key_means_no_key_and_an_empty_variable_not_set() -> None:
    assert resolve_work(OURS, {"api_key": ""}).key is None
    assert resolve_work(OURS, environ={"SRCHAT_API_KEY": "", "SOLIDRUST_API_KEY": ""}).key == KEY


@pytest.mark.parametrize(
    ("base_url", "allowed"),
    [
        ("http://localhost:8000/v1", True),
        ("http://127.8.9.1/v1", True),
        ("http://127.0.0.255/v1", True),
        ("http://127.0.0.256/v1", False),
        ("http://[::1]:8000/v1", True),
        ("http://127.0.0.1.evil.com/v1", False),
        ("http://127.0.0.999/v1", False),
        ("http://127.0.0.0.1/v1", False),
        ("http://localhost.evil.com/v1", False),
        ("http://10.0.0.1/v1", False),
        ("http://0.0.0.0/v1", False),
        ("http://[::2]/v1", False),
        ("HTTP://llm.example.com/v1", False),
    ],
)
def test_a_key_is_sent_unencrypted_only_to_loopback(base_url: str, allowed: bool) -> None:
    url = parsed("base_url", base_url, "")
    assert is_loopback(str(url)) == allowed
    resolved = resolve_work(work={"base_url": url, "api_key": KEY})
    if allowed:
        assert key_to_send(resolved) == KEY
        return
    with pytest.raises(ConfigError, match="refusing to send the key unencrypted"):
        key_to_send(resolved)
    permitted = resolve_work(work={"base_url": url, "api_key": KEY, "allow_http": True})
    assert key_to_send(permitted) == KEY


def test_no_key_without_layers_and_no_loopback_without_host() -> None:
    layers = [layer_of(LayerKind.FILE, {"base_url": "https://a/v1"}, FILE)]
    assert choose_key(layers, "https://a/v1") == ChosenKey()
    assert not is_loopback("/v1")


def test_an_origin_is_scheme_host_and_port() -> None:
    assert is_same_origin("https://a/v1", "https://A:443")
    assert is_same_origin("http://a/v1", "http://a:80")
    assert not is_same_origin("https://a", "http://a")
    assert not is_same_origin("https://a", "https://a:444")


@pytest.mark.parametrize(
    "key", ["a b", "sk-\nX-Evil: 1", "sk-\r\nX: 1", "sk-ä", "sk-\x00", "sk-\udc80", "‘sk-1’"]
)
def test_an_invalid_key_is_reported_by_origin_and_not_shown(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_work(work={"api_key": f"secret{key}"})
    assert caught.value.message.startswith("profile work: ")
    assert "secret" not in caught.value.message + caught.value.hint
    with pytest.raises(ConfigError, match=r"^variable SRCHAT_API_KEY: "):
        resolve_work(environ={"SRCHAT_API_KEY": f"secret{key}"})


def test_whitespace_around_a_key_is_stripped() -> None:
    assert resolve_work(work={"api_key": f" {KEY}\r\n"}).key == KEY


def test_headers_of_all_layers_are_merged_whatever_their_case() -> None:
    values = {"headers": {"X-A": "file", "X-B": "file"}}
    work = {"headers": {"x-a": "profile"}}
    assert resolve_work(values, work).headers == {"x-a": "profile", "X-B": "file"}


def test_headers_are_sent_only_where_a_key_of_their_layer_would_be() -> None:
    values = {"headers": {"X-A": "file"}}
    work = {"base_url": "https://work.example/v1", "headers": {"X-B": "profile"}}
    assert resolve_work(values, work).headers == {"X-B": "profile"}
    assert resolve_work(values, work, base_url="https://other.example/v1").headers == {}
    assert resolve_work(values).headers == {"X-A": "file"}
