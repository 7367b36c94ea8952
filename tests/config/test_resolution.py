"""Effective values and their origins, and when the command for the key runs."""

from collections.abc import Mapping

import pytest

from srchat.config.resolution import FileSettings, Resolved, key_to_send, resolve
from srchat.config.settings import DEMO_BASE_URL, SETTINGS, Config
from srchat.errors import ConfigError, MissingKeyError
from tests.support.settings import FILE, KEY, OURS, resolve_work


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
    resolved = resolve_work(
        {"system": "be kind", "temperature": 1.0, "retries": 3},
        {"system": "", "temperature": 0, "retries": 0},
    )
    assert resolved.config.system == ""
    assert resolved.config.temperature == 0
    assert resolved.config.retries == 0
    assert resolve_work({"system": "x"}, environ={"SRCHAT_SYSTEM": ""}).config.system == ""


def test_an_empty_variable_counts_as_not_set_unless_empty_is_a_value() -> None:
    names = set(SETTINGS) - {"system"}
    environ = {SETTINGS[name].variable: "" for name in names} | {"SOLIDRUST_BASE_URL": ""}
    resolved = resolve_work({"temperature": 0.5, "model": "m"}, environ=environ)
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
        resolve_work(environ={variable: "sk-Gr\udcf6"})
    assert caught.value.message == f"variable {variable}: the value is not UTF-8 text"


def test_an_invalid_value_is_reported_with_its_variable() -> None:
    with pytest.raises(ConfigError, match=r"^variable SRCHAT_RETRIES: retries is 'many';"):
        resolve_work(environ={"SRCHAT_RETRIES": "many"})


def test_only_the_default_service_requires_a_key() -> None:
    with pytest.raises(MissingKeyError, match="no API key") as failure:
        key_to_send(resolve_work())
    assert "use another server: srchat config init" in failure.value.hint
    assert key_to_send(resolve_work(base_url="http://127.0.0.1:8000/v1")) is None
    assert key_to_send(resolve_work(base_url="https://llm.example.com/v1")) is None


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
    resolved = resolve_work(PASS)
    assert (run.ran, resolved.key) == ([], None)
    assert key_to_send(resolved, run) == KEY
    assert run.ran == [("pass", "srchat")]


@pytest.mark.parametrize(
    "resolved",
    [
        resolve_work(PASS, environ={"SRCHAT_API_KEY": KEY}),
        resolve_work(PASS, {"api_key": KEY}),
        resolve_work({**PASS, "api_key": KEY}),
        resolve_work(PASS, environ={"SOLIDRUST_API_KEY": KEY}),
        resolve_work(PASS, base_url="http://127.0.0.1:8000/v1"),
        resolve_work(PASS, base_url=DEMO_BASE_URL),
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
    assert key_to_send(resolve_work(OURS, PASS, environ), run) == "sk-of-the-command"


def test_the_command_does_not_run_if_its_key_would_be_sent_unencrypted() -> None:
    run = _Command()
    with pytest.raises(ConfigError, match="unencrypted"):
        key_to_send(resolve_work(work={**PASS, "base_url": "http://10.0.0.1/v1"}), run)
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
    assert resolve_work(values, base_url=base_url).key_setting == named


def test_the_output_of_the_command_is_checked_and_not_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        key_to_send(resolve_work(PASS), _Command("secret\nlogin: me\n"))
    assert caught.value.message.startswith("api_key_command: ")
    assert "secret" not in caught.value.message


def test_the_origin_of_an_option_is_its_flag() -> None:
    origins = resolve_work(stream=False, max_tokens=3, params={"seed": 7}).origins
    assert origins["stream"] == "option --stream"
    assert origins["max_tokens"] == "option --max-tokens"
    assert origins["params"] == "option --param"
