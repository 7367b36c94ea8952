"""Profiles in files of their own."""

import json

import pytest

from tests.conftest import Serve, Srchat
from tests.support.server import answer, json_response


def test_a_file_in_profiles_d_is_a_profile(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("hi"))
    folder = srchat.home / "profiles.d"
    folder.mkdir()
    (folder / "own.toml").write_text(
        f'base_url = "{server.url}"\nprompt = "@p.md"\n[params]\nseed = 7\n'
    )
    (folder / "p.md").write_text("Say {prompt}")
    result = srchat("ask", "-p", "own", "hello")
    assert (result.code, result.out) == (0, b"hi\n")
    assert server.requests[0].json["seed"] == 7
    assert server.requests[0].json["messages"][-1]["content"] == "Say hello"
    assert "own" in json.loads(srchat("config", "show", "--json").out)["profiles"]
    assert "choose from: own, demo" in srchat("ask", "-p", "zzz", "hi").err
    assert srchat("config", "set", "profile", "own").code == 0


def test_a_profile_in_a_separate_file_is_not_changed_in_the_configuration(srchat: Srchat) -> None:
    folder = srchat.home / "profiles.d"
    folder.mkdir()
    (folder / "own.toml").write_text('model = "a"\n')
    for args in (("set", "-p", "own", "model", "b"), ("unset", "-p", "own", "-y")):
        result = srchat("config", *args)
        assert result.code == 3, args
        assert f"profile own is in {folder / 'own.toml'}" in result.err
    srchat.configure('[profiles.own]\nmodel = "c"\n')
    result = srchat("ask", "-p", "own", "hi", "--dry-run")
    assert (result.code, result.out) == (3, b"")
    assert "profile own is in both" in result.err


def test_config_check_reads_every_profile(srchat: Srchat) -> None:
    folder = srchat.home / "profiles.d"
    folder.mkdir()
    (folder / "bad.toml").write_text("model = 'a'\nretries = -1\n")
    result = srchat("config", "check", "-p", "demo")
    assert result.code == 3
    assert result.out == b""
    assert f"{folder / 'bad.toml'}, line 2: retries is -1" in result.err


def test_config_check_takes_a_profile_in_a_separate_file(srchat: Srchat, serve: Serve) -> None:
    models = json_response({"object": "list", "data": [{"id": "vllm-primary"}]})
    server = serve(models, models)
    folder = srchat.home / "profiles.d"
    folder.mkdir()
    (folder / "own.toml").write_text(f'base_url = "{server.url}"\n')
    assert srchat("config", "check", "-p", "own").code == 0
    (srchat.home / "p.toml").write_text("temperature = 1\n")
    srchat.configure(f'base_url = "{server.url}"\n')
    assert srchat("config", "check", "-p", "./p.toml").code == 0


def test_only_profiles_with_secrets_need_to_be_private(srchat: Srchat) -> None:
    folder = srchat.home / "profiles.d"
    folder.mkdir()
    own = folder / "own.toml"
    own.write_text('prompt = "Tell a joke."\n')
    own.chmod(0o644)
    assert srchat("ask", "-p", "own", "--dry-run").err == ""
    own.write_text('prompt = "Tell a joke."\napi_key = "sk-0123456789"\n')
    result = srchat("ask", "-p", "own", "--dry-run")
    assert f"other users can read {own}\nhint: run: chmod 600 {own}" in result.err


def test_a_profile_can_be_a_path(srchat: Srchat) -> None:
    other = srchat.home / "repository"
    other.mkdir()
    (other / "p.toml").write_text('prompt = "@p.md"\ntemperature = 0.5\n')
    (other / "p.md").write_text("Say {prompt}")
    result = srchat("ask", "-p", "repository/p.toml", "hi", "--dry-run")
    body = json.loads(result.out)
    assert (body["temperature"], body["messages"][-1]["content"]) == (0.5, "Say hi")
    result = srchat("ask", "-p", "./no.toml", "hi")
    assert (result.code, result.out) == (3, b"")
    assert "no profile ./no.toml: no such file" in result.err


@pytest.mark.parametrize(
    "line",
    [
        'base_url = "http://evil.example/v1"',
        'api_key = "sk-evil"',
        'api_key_command = ["touch", "canary"]',
        "allow_http = true",
        '[headers]\nX-A = "b"',
    ],
)
def test_a_profile_given_by_its_path_chooses_no_server_and_no_key(
    srchat: Srchat, line: str
) -> None:
    (srchat.home / "p.toml").write_text(f"{line}\n")
    result = srchat("ask", "-p", "./p.toml", "hi")
    assert (result.code, result.out) == (3, b"")
    name = "headers" if "headers" in line else line.partition(" ")[0]
    assert f"a profile given by its path may not set {name}" in result.err
    assert not (srchat.home / "canary").exists()
