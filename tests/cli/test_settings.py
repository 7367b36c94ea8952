"""The settings of a command: warnings about their file, and files that cannot be used."""

import stat

import pytest

from tests.conftest import Srchat
from tests.support.configuring import KEY, config_file, write_script


def test_a_file_that_others_can_read_gets_a_warning_and_is_mended(srchat: Srchat) -> None:
    srchat.configure(f'api_key = "{KEY}"\n')
    config_file(srchat).chmod(0o644)
    assert f"other users can read {config_file(srchat)}" in srchat("config", "get", "model").err
    assert "other users can read" in srchat("models", "-p", "demo").err
    assert "other users can read" not in srchat("models", "-q", "-p", "demo").err
    assert srchat("config", "set", "model", "x") == (0, b"", "")
    assert stat.S_IMODE(config_file(srchat).stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["model = x\n", "modell = 'x'\n", "retries = -1\n"])
def test_an_invalid_file_stops_only_commands_that_need_it(srchat: Srchat, text: str) -> None:
    srchat.configure(text)
    config_file(srchat).chmod(0o600)
    for words in (
        ("config", "show"),
        ("config", "get", "model"),
        ("config", "set", "timeout", "5"),
        ("config", "check"),
        ("config", "init"),
        ("ask", "hi"),
        ("models",),
    ):
        result = srchat(*words)
        assert (result.code, result.out) == (3, b""), words
        assert f"{config_file(srchat)}, line 1" in result.err, words
        assert len(result.messages) == 1, words
    assert srchat("--help").code == srchat("config", "--help").code == 0
    assert srchat("config", "path").text == f"{config_file(srchat)}\n"
    assert config_file(srchat).read_text() == text
    assert srchat("config", "edit", EDITOR=write_script(srchat, "mend", 'echo >"$1"')).code == 0
    assert config_file(srchat).read_text() == "\n"


def test_an_impossible_path_of_the_configuration_is_a_warning(srchat: Srchat) -> None:
    (srchat.home / "file").touch()
    path = srchat.home / "file/config.toml"
    result = srchat("ask", "-p", "demo", "hi", SRCHAT_CONFIG=str(path))
    assert result.code == 0
    assert result.err == f"srchat: warning: no configuration: {path.parent} is not a directory\n"


@pytest.mark.parametrize("command", ["ask", "chat", "config"])
@pytest.mark.parametrize("variable", ["SRCHAT_CONFIG", "XDG_CONFIG_HOME"])
def test_a_configuration_far_below_a_file_is_a_warning(
    srchat: Srchat, command: str, variable: str
) -> None:
    file = srchat.home / "file"
    file.touch()
    del srchat.env["SRCHAT_CONFIG"]
    srchat.env[variable] = str(file / "x/config.toml")
    arguments = ["config", "show"] if command == "config" else [command, "-p", "demo", "hi"]
    result = srchat(*arguments)
    assert result.code == 0
    assert result.messages == [f"srchat: warning: no configuration: {file} is not a directory"]
