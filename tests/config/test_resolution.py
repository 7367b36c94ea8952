"""Effective values and their origins, and which server the key may be sent to."""

from collections.abc import Mapping

import pytest

from srchat.config.checks import parsed
from srchat.config.keys import ChosenKey, choose_key, is_loopback, is_same_origin
from srchat.config.layers import LayerKind, layer_of
from srchat.config.resolution import FileSettings, Resolved, key_to_send, resolve
from srchat.config.settings import DEMO_BASE_URL, SETTINGS, Config
from srchat.errors import ConfigError, MissingKeyError

FILE = "config.toml"


def _resolve(
    values: Mapping[str, object] | None = None,
    work: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    profile: str | None = "work",
    **options: object,
) -> Resolved:
    file = FileSettings(FILE, None, values or {}, {"work": work or {}})
    return resolve(file, environ or {}, options, profile)


def test_precedence_is_option_variable_profile_file_default() -> None:
    options: dict[str, object] = {"model": "option"}
    environ = {"SRCHAT_MODEL": "variable"}
    work = {"model": "profile"}
    values = {"model": "file"}
    for expected, origin in (
        ("option", "option --model"),
        ("variable", "variable SRCHAT_MODEL"),
        ("profile", "profile work"),
        ("file", FILE),
        ("vllm-primary", "default"),
    ):
        file = FileSettings(FILE, None, values, {"work": work})
        resolved = resolve(file, environ, options, "work")
        assert (resolved.config.model, resolved.origins["model"]) == (expected, origin)
        for layer in (options, environ, work, values):
            if layer:
                layer.clear()
                break


def test_empty_and_zero_are_values() -> None:
    resolved = _resolve(
        {"system": "be kind", "temperature": 1.0, "retries": 3},
        {"system": "", "temperature": 0, "retries": 0},
    )
    assert resolved.config.system == ""
    assert resolved.config.temperature == 0
    assert resolved.config.retries == 0
    assert _resolve({"system": "x"}, environ={"SRCHAT_SYSTEM": ""}).config.system == ""


def test_an_empty_variable_counts_as_not_set_unless_empty_is_a_value() -> None:
    names = set(SETTINGS) - {"system"}
    environ = {SETTINGS[name].variable: "" for name in names} | {"SOLIDRUST_BASE_URL": ""}
    resolved = _resolve({"temperature": 0.5, "model": "m"}, environ=environ)
    assert (resolved.config.temperature, resolved.config.model) == (0.5, "m")
    assert resolved.origins["base_url"] == "default"


def test_defaults_apply_without_a_file() -> None:
    file = FileSettings(FILE)
    assert not file.exposed
    assert resolve(file, {}, {}).config == Config(
        base_url="https://api.solidrust.ai/v1",
        model="vllm-primary",
        stream=True,
        timeout=60.0,
        retries=3,
        max_wait=60.0,
        history=True,
        fallback_models=("claude*", "gpt-*"),
        code_theme="terminal",
        keys="emacs",
        allow_http=False,
    )


@pytest.mark.parametrize(
    ("option", "variable", "file", "used"),
    [
        ("a", "b", "c", "a"),
        (None, "b", "c", "b"),
        (None, "", "c", "c"),
        (None, None, "c", "c"),
        (None, None, None, None),
        (None, None, "", None),
    ],
)
def test_the_profile_is_selected_by_option_variable_or_file(
    option: str | None, variable: str | None, file: str | None, used: str | None
) -> None:
    settings = FileSettings(FILE, file, {}, {name: {"model": name} for name in "abc"})
    environ = {} if variable is None else {"SRCHAT_PROFILE": variable}
    resolved = resolve(settings, environ, {}, option)
    assert resolved.profile == used
    assert resolved.config.model == (used or "vllm-primary")


@pytest.mark.parametrize(
    ("option", "environ", "file", "message"),
    [
        ("wrk", {}, None, "option --profile: no profile 'wrk'"),
        (None, {"SRCHAT_PROFILE": "wrk"}, None, "variable SRCHAT_PROFILE: no profile 'wrk'"),
        (None, {}, "wrk", "config.toml: no profile 'wrk'"),
    ],
)
def test_an_unknown_profile_is_reported_with_its_origin(
    option: str | None, environ: dict[str, str], file: str | None, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(FileSettings(FILE, file, {}, {"work": {}}), environ, {}, option)
    assert (caught.value.message, caught.value.hint) == (message, "did you mean 'work'?")


def test_the_built_in_demo_profile_overrides_variables_and_the_file() -> None:
    environ = {"SRCHAT_BASE_URL": "https://a.example/v1", "SRCHAT_MODEL": "variable"}
    for profiles in ({}, {"demo": {"model": "profile", "system": "be kind"}}):
        file = FileSettings(FILE, None, {"model": "file", "api_key": KEY}, profiles)
        resolved = resolve(file, environ, {}, "demo")
        assert (resolved.config.base_url, resolved.config.model) == (DEMO_BASE_URL, "srchat-demo")
        assert resolved.origins["base_url"] == "built-in profile demo"
        assert resolved.config.system == ("be kind" if profiles else None)
        assert key_to_send(resolved) is None
    assert resolve(file, environ, {"model": "option"}, "demo").config.model == "option"


@pytest.mark.parametrize("name", ["system", "model", "stop", "api_key"])
def test_a_variable_that_is_not_utf8_is_rejected_and_not_shown(name: str) -> None:
    variable = SETTINGS[name].variable
    with pytest.raises(ConfigError) as caught:
        _resolve(environ={variable: "sk-Gr\udcf6"})
    assert caught.value.message == f"variable {variable}: the value is not UTF-8 text"


def test_an_invalid_value_is_reported_with_its_variable() -> None:
    with pytest.raises(ConfigError, match=r"^variable SRCHAT_RETRIES: retries is 'many';"):
        _resolve(environ={"SRCHAT_RETRIES": "many"})


KEY = "sk-srt-0123456789"


OURS = {"api_key": KEY}


def test_only_the_default_service_requires_a_key() -> None:
    with pytest.raises(MissingKeyError, match="no API key") as failure:
        key_to_send(_resolve())
    assert "use another server: srchat config init" in failure.value.hint
    assert key_to_send(_resolve(base_url="http://127.0.0.1:8000/v1")) is None
    assert key_to_send(_resolve(base_url="https://llm.example.com/v1")) is None


@pytest.mark.parametrize(
    "base_url", ["https://api.solidrust.ai", "https://API.solidrust.ai:443/v2"]
)
def test_a_key_is_sent_to_its_own_server_on_any_path(base_url: str) -> None:
    assert key_to_send(_resolve(OURS, base_url=base_url)) == KEY


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
        _resolve(OURS, base_url=base_url),
        _resolve(OURS, {"base_url": base_url}),
        _resolve(OURS, environ={"SRCHAT_BASE_URL": base_url}),
        _resolve(environ={"SOLIDRUST_API_KEY": KEY}, work={"base_url": base_url}),
        _resolve({"api_key_command": ("pass",)}, {"base_url": base_url}),
    ):
        assert (resolved.key, resolved.key_command) == (None, None)
        assert resolved.withheld
        assert key_to_send(resolved) is None


def test_the_key_of_a_profile_without_base_url_is_sent_to_the_next_base_url() -> None:
    resolved = _resolve(
        {"base_url": "https://a.example/v1", "api_key": "sk-of-the-file"}, {"api_key": KEY}
    )
    assert key_to_send(resolved) == KEY
    assert resolved.origins["api_key"] == "profile work"


def test_a_key_variable_is_sent_to_the_base_url_option() -> None:
    environ = {"SRCHAT_API_KEY": KEY}
    assert key_to_send(_resolve(environ=environ, base_url="https://a.example/v1")) == KEY


def test_srchat_api_key_is_sent_to_any_server() -> None:
    work = {"base_url": "https://a.example/v1"}
    resolved = _resolve(work=work, environ={"SRCHAT_API_KEY": KEY}, base_url="https://b.example")
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
    resolved = _resolve({"base_url": "https://top.example/v1"}, environ=environ, **options)  # type: ignore[arg-type] # options by name
    assert resolved.key == (KEY if is_sent else None)
    assert resolved.withheld == (None if is_sent else "variable SOLIDRUST_API_KEY")


def test_a_file_named_like_a_variable_is_still_a_file() -> None:
    file = FileSettings("variables.toml", values={"base_url": "https://a.example", "api_key": KEY})
    resolved = resolve(file, {}, {"base_url": "https://b.example"})
    assert (resolved.key, resolved.withheld) == (None, "variables.toml")


@pytest.mark.parametrize("empty", [{"api_key": ""}, {"api_key": "", "api_key_command": ("pass",)}])
def test_an_empty_key_overrides_a_command_in_the_same_layer(empty: dict[str, object]) -> None:
    for resolved in (_resolve(empty), _resolve({"api_key_command": ("pass",)}, empty)):
        assert (resolved.key, resolved.key_command) == (None, None)


def test_solidrust_api_key_is_not_sent_to_the_server_of_a_profile() -> None:
    resolved = _resolve(
        environ={"SOLIDRUST_API_KEY": KEY},
        work={"base_url": "https://a.example/v1"},
        base_url="https://b.example/v1",
    )
    assert (resolved.key, resolved.withheld) == (None, "variable SOLIDRUST_API_KEY")


def test_an_empty_key_means_no_key_and_an_empty_variable_not_set() -> None:
    assert _resolve(OURS, {"api_key": ""}).key is None
    assert _resolve(OURS, environ={"SRCHAT_API_KEY": "", "SOLIDRUST_API_KEY": ""}).key == KEY


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
    resolved = _resolve(work={"base_url": url, "api_key": KEY})
    if allowed:
        assert key_to_send(resolved) == KEY
        return
    with pytest.raises(ConfigError, match="refusing to send the key unencrypted"):
        key_to_send(resolved)
    permitted = _resolve(work={"base_url": url, "api_key": KEY, "allow_http": True})
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
        _resolve(work={"api_key": f"secret{key}"})
    assert caught.value.message.startswith("profile work: ")
    assert "secret" not in caught.value.message + caught.value.hint
    with pytest.raises(ConfigError, match=r"^variable SRCHAT_API_KEY: "):
        _resolve(environ={"SRCHAT_API_KEY": f"secret{key}"})


def test_whitespace_around_a_key_is_stripped() -> None:
    assert _resolve(work={"api_key": f" {KEY}\r\n"}).key == KEY


class _Command:
    """A fake that records the commands it is asked to run."""

    def __init__(self, output: str = KEY) -> None:
        self.output = output
        self.ran: list[tuple[str, ...]] = []

    def __call__(self, command: tuple[str, ...]) -> str:
        self.ran.append(command)
        return self.output


PASS = {"api_key_command": ("pass", "srchat")}


def test_the_command_runs_only_when_its_key_is_sent() -> None:
    run = _Command(f"{KEY}\n")
    resolved = _resolve(PASS)
    assert (run.ran, resolved.key) == ([], None)
    assert key_to_send(resolved, run) == KEY
    assert run.ran == [("pass", "srchat")]


@pytest.mark.parametrize(
    "resolved",
    [
        _resolve(PASS, environ={"SRCHAT_API_KEY": KEY}),
        _resolve(PASS, {"api_key": KEY}),
        _resolve({**PASS, "api_key": KEY}),
        _resolve(PASS, environ={"SOLIDRUST_API_KEY": KEY}),
        _resolve(PASS, base_url="http://127.0.0.1:8000/v1"),
        _resolve(PASS, base_url=DEMO_BASE_URL),
    ],
)
def test_the_command_does_not_run_for_a_stronger_key_or_another_server(
    resolved: Resolved,
) -> None:
    run = _Command()
    key_to_send(resolved, run)
    assert run.ran == []


def test_the_command_of_a_profile_overrides_the_key_of_the_file() -> None:
    run = _Command("sk-of-the-command")
    environ = {"SOLIDRUST_API_KEY": "sk-of-the-service"}
    assert key_to_send(_resolve(OURS, PASS, environ), run) == "sk-of-the-command"


def test_the_command_does_not_run_if_its_key_would_be_sent_unencrypted() -> None:
    run = _Command()
    with pytest.raises(ConfigError, match="unencrypted"):
        key_to_send(_resolve(work={**PASS, "base_url": "http://10.0.0.1/v1"}), run)
    assert run.ran == []


@pytest.mark.parametrize(
    ("values", "base_url", "named"),
    [
        ({}, "https://api.solidrust.ai/v1", None),
        (OURS, "https://api.solidrust.ai/v1", "api_key"),
        (PASS, "https://api.solidrust.ai/v1", "api_key_command"),
        ({**OURS, **PASS}, "https://api.solidrust.ai/v1", "api_key"),
        (OURS, "https://b.example/v1", None),
        (PASS, "https://b.example/v1", None),
    ],
)
def test_key_setting_is_the_setting_that_provides_the_key(
    values: Mapping[str, object], base_url: str, named: str | None
) -> None:
    assert _resolve(values, base_url=base_url).key_setting == named


def test_the_output_of_the_command_is_checked_and_not_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        key_to_send(_resolve(PASS), _Command("secret\nlogin: me\n"))
    assert caught.value.message.startswith("api_key_command: ")
    assert "secret" not in caught.value.message


def test_each_value_has_the_kind_of_its_layer() -> None:
    resolved = _resolve({"model": "m"}, {"retries": 1}, {"SRCHAT_TOP_P": "0.5"}, timeout=5.0)
    names = ("timeout", "top_p", "retries", "model", "stop")
    kinds = (
        LayerKind.OPTION, LayerKind.VARIABLE, LayerKind.PROFILE, LayerKind.FILE, LayerKind.DEFAULT,
    )  # fmt: skip
    assert tuple(resolved.kinds[name] for name in names) == kinds


def test_the_origin_of_an_option_is_its_flag() -> None:
    origins = _resolve(stream=False, max_tokens=3, params={"seed": 7}).origins
    assert origins["stream"] == "option --stream"
    assert origins["max_tokens"] == "option --max-tokens"
    assert origins["params"] == "option --param"


# --- headers --------------------------------------------------------------------------------


def test_headers_of_all_layers_are_merged_whatever_their_case() -> None:
    values = {"headers": {"X-A": "file", "X-B": "file"}}
    work = {"headers": {"x-a": "profile"}}
    assert _resolve(values, work).headers == {"x-a": "profile", "X-B": "file"}


def test_headers_are_sent_only_where_a_key_of_their_layer_would_be() -> None:
    values = {"headers": {"X-A": "file"}}
    work = {"base_url": "https://work.example/v1", "headers": {"X-B": "profile"}}
    assert _resolve(values, work).headers == {"X-B": "profile"}
    assert _resolve(values, work, base_url="https://other.example/v1").headers == {}
    assert _resolve(values).headers == {"X-A": "file"}
