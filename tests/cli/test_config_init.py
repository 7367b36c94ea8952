"""`srchat config init`: questions, tested answers, and no key for servers that it only finds."""

import json
import os
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from srchat.cli.config_init import _Dialog
from srchat.cli.process import Process
from srchat.config.file import load
from srchat.config.local_servers import LocalServer
from tests.conftest import Serve, Srchat
from tests.support.configuring import (
    KEY,
    MODELS,
    config_file,
    is_asked,
    read_config,
    run_init,
)
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import Script, ScriptedServer, error, json_response

COMMAND = ["sh", "-c", f"touch ran; echo {KEY}"]
ONE_MODEL = json_response({"data": [{"id": "m"}]})


@pytest.fixture
def listener(serve: Serve) -> ScriptedServer:
    return serve(ONE_MODEL, ONE_MODEL, ONE_MODEL)


@pytest.fixture
def work_dir(tmp_path: Path) -> Iterator[Path]:
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)


@pytest.mark.parametrize("profile", [None, "work"])
@pytest.mark.parametrize(
    ("file", "environ"),
    [
        (f"api_key_command = {COMMAND}\n", {}),
        (f'api_key = "{KEY}"\n', {}),
        (f'api_key = ""\napi_key_command = {COMMAND}\n', {}),
        (f"[profiles.work]\napi_key_command = {COMMAND}\n", {}),
        (f'[profiles.work]\napi_key = "{KEY}"\n', {}),
        ("", {"SRCHAT_API_KEY": KEY}),
        ("", {"SOLIDRUST_API_KEY": KEY}),
        ("", {"SRCHAT_API_KEY_COMMAND": f"echo {KEY}"}),
    ],
)
def test_a_local_port_gets_no_key(
    listener: ScriptedServer,
    work_dir: Path,
    file: str,
    environ: Mapping[str, str],
    profile: str | None,
) -> None:
    path = work_dir / "config.toml"
    path.write_text(file.replace("'", '"'))
    path.chmod(0o600)
    process = Process(dict(environ))
    reading, writing = os.pipe()
    os.write(writing, b"not a URL\n")  # ends the dialog after the search for servers
    os.close(writing)
    process.stdin_fd = reading
    servers = [LocalServer("vLLM", int(listener.url.split(":")[2].split("/")[0]))]
    dialog = _Dialog(process, load(path), profile, servers)
    choices = dialog._choices()
    os.close(reading)
    assert any("vLLM? offers m" in about for _, about in choices)
    (request,) = listener.requests
    assert "authorization" not in {name.lower() for name in request.headers}
    assert KEY not in str(request.headers)
    assert not (work_dir / "ran").exists()


def test_an_address_without_a_scheme_is_asked_with_http(srchat: Srchat, serve: Serve) -> None:
    server = serve(ONE_MODEL)
    address = server.url.removeprefix("http://")
    result = srchat("config", "init", stdin=f"{address}\n\n\n".encode())
    assert result.code == 0, result.err
    assert f'base_url = "{server.url}"' in (srchat.home / "config.toml").read_text()


def test_the_demo_needs_no_setup(srchat: Srchat) -> None:
    result = srchat("config", "init", "-p", "demo")
    assert (result.code, result.err.count("needs no setup")) == (2, 1)
    assert not config_file(srchat).exists()


def test_init_saves_tested_values(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    srchat.configure("# mine\nretries = 0\n")
    result = run_init(srchat, server.url, KEY, "qwen3-4b")
    assert result.code == 0, result.err
    assert f"{server.url} responds\n" in result.err
    assert result.err.count("vllm-primary\n") == 1
    assert (
        f'saved to {config_file(srchat)}\nhint: to try it:\nhint:     srchat ask "hello"'
        in result.err
    )
    assert config_file(srchat).read_text() == (
        f'# mine\nretries = 0\nbase_url = "{server.url}"\napi_key = "{KEY}"\nmodel = "qwen3-4b"\n'
    )
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in result.text + result.err


def test_init_does_not_take_a_key_to_another_server(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    srchat.configure(f'api_key = "{KEY}"\n')
    assert run_init(srchat, server.url, "", "").code == 0
    assert "authorization" not in server.requests[0].headers
    assert "api_key" not in read_config(srchat)


def test_init_adds_a_missing_path(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(404, "not here"), MODELS)
    assert run_init(srchat, server.url.removesuffix("/v1"), "", "").code == 0
    assert read_config(srchat)["base_url"] == server.url


def test_init_reports_what_overrides_its_values(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    answers = f"{server.url}\n\n\n".encode()
    result = srchat("config", "init", stdin=answers, SRCHAT_MODEL="m", SOLIDRUST_API_KEY=KEY)
    assert result.code == 0
    assert "empty: …cdef of variable SOLIDRUST_API_KEY" in result.err
    assert "model is set, but variable SRCHAT_MODEL takes precedence" in result.err
    assert "api_key" not in read_config(srchat)


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ((), 2),
        (("{url}", "sk-wrong"), 4),
        (("not a url",), 3),
        (("{url}", "sk wrong"), 3),
        (("http://127.0.0.1:9/v1", ""), 8),
        (("http://llm.example.com/v1", KEY), 3),
    ],
)
def test_init_without_a_good_answer_changes_nothing(
    srchat: Srchat, serve: Serve, answers: tuple[str, ...], code: int
) -> None:
    url = serve(error(401, "no")).url
    result = run_init(srchat, *(answer.format(url=url) for answer in answers))
    assert result.code == code, result.err
    assert not config_file(srchat).exists()


def test_init_asks_again_for_a_key_that_the_server_refuses(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(401, "wrong key"), MODELS)
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("server (a number, or the URL) [1]:")
        tty.type("nonsense\n")
        tty.wait_for_text("the server must be 1 or a URL such as http://localhost:8000/v1")
        tty.type(f"{server.url}\n")
        tty.wait_for_text("API key (hidden; empty: none):")
        tty.type("sk-srt-wrong-wrong\n")
        tty.wait_for_text("401: wrong key")
        tty.wait_for(is_asked("API key (hidden; empty: none):", 2))
        tty.type(f"{KEY}\n")
        tty.wait_for_text("model (a number, or the name) [vllm-primary]:")
        tty.type("\n")
        assert tty.wait() == 0
    assert b"sk-srt" not in tty.raw
    assert read_config(srchat) == {"base_url": server.url, "api_key": KEY, "model": "vllm-primary"}


def test_init_repeats_the_question_for_unusable_values(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("server (a number, or the URL) [1]:")
        tty.type("http://llm.example.com/v1\n")
        tty.wait_for_text("API key (hidden; empty: none):")
        tty.type(f"{KEY}\n")
        tty.wait_for_text("refusing to send the key unencrypted")
        tty.type(f"{server.url}\n")
        tty.wait_for(is_asked("API key (hidden; empty: none):", 2))
        tty.type(f"{KEY}\n")
        tty.wait_for_text("model (a number, or the name) [vllm-primary]:")
        tty.type("qwen\n")
        tty.wait_for_text("use it anyway? [y/N]:")
        tty.type("n\n")
        tty.wait_for(lambda tty: str(tty.lines).count("name) [vllm") == 2)
        tty.type("qwen3-4b\n")
        assert tty.wait() == 0
    assert read_config(srchat) == {"base_url": server.url, "api_key": KEY, "model": "qwen3-4b"}


def test_init_offers_another_server_where_one_fails(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(400, "not today"), MODELS)
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        for count, more in enumerate(
            ("use it anyway? [y/N]:", "model (a number, or the name) [vllm-primary]:"), 1
        ):
            tty.wait_for(is_asked("or the URL) [1]:", count))
            tty.type(f"{server.url}\n")
            tty.wait_for(is_asked("API key (hidden; empty: none):", count))
            tty.type("\n")
            tty.wait_for_text(more)
            tty.type("\n")
        assert tty.wait() == 0
    assert read_config(srchat) == {"base_url": server.url, "model": "vllm-primary"}


def test_init_saves_failed_values_on_request(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(400, "not today"))
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("or the URL) [1]:")
        tty.type(f"{server.url}\n")
        tty.wait_for_text("API key (hidden; empty: none):")
        tty.type("\n")
        tty.wait_for_text("use it anyway? [y/N]:")
        tty.type("y\n")
        tty.wait_for_text("model [vllm-primary]:")
        tty.type("\n")
        assert tty.wait() == 0
    assert read_config(srchat) == {"base_url": server.url, "model": "vllm-primary"}


def test_init_reports_the_error_of_the_path_that_was_given(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(404, "not here"), error(404, "nor there"))
    result = run_init(srchat, server.url.removesuffix("/v1"), "")
    assert (result.code, "not here" in result.err, "nor there" in result.err) == (5, True, False)


@pytest.mark.parametrize(("command", "code"), [(["echo", KEY], 0), (["false"], 4)])
def test_init_asks_the_command_for_the_key(
    srchat: Srchat, serve: Serve, command: list[str], code: int
) -> None:
    server = serve(MODELS)
    srchat.configure(f'base_url = "{server.url}"\napi_key_command = {json.dumps(command)}\n')
    config_file(srchat).chmod(0o600)
    result = run_init(srchat, "", "", "")
    assert result.code == code, result.err
    assert "empty: the api_key_command" in result.err


@pytest.mark.parametrize(
    ("script", "about"),
    [
        (MODELS, "offers vllm-primary, qwen3-4b"),
        (error(401, "no"), "wants a key"),
        ([b"HTTP/1.0 200 OK\r\n\r\nHello"], None),
    ],
)
def test_init_finds_a_server_on_this_machine(
    srchat: Srchat, script: Script, about: str | None
) -> None:
    class Ollama(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(b"".join(step for step in script if isinstance(step, bytes)))

        def log_message(self, *_: object) -> None:
            pass

    try:
        server = HTTPServer(("127.0.0.1", 11434), Ollama)
    except OSError:
        pytest.skip("something listens on port 11434")
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        result = run_init(srchat, "2", KEY, "")
        server.shutdown()
        thread.join()
    if about is None:
        assert "11434" not in result.err
        return
    assert f"2: http://127.0.0.1:11434/v1 (Ollama? {about})" in result.err
    if script is MODELS:
        assert result.code == 0, result.err
        assert read_config(srchat)["base_url"] == "http://127.0.0.1:11434/v1"


def test_init_refuses_a_number_that_no_model_has(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS, MODELS)
    result = run_init(srchat, server.url, "", "9")
    assert result.code == 3
    assert result.messages == [
        "srchat: error: the model must be a number from 1 to 2 or a name, not 9"
    ]
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("or the URL) [1]:")
        tty.type(f"{server.url}\n")
        tty.wait_for_text("API key (hidden; empty: none):")
        tty.type("\n")
        tty.wait_for_text("[vllm-primary]:")
        tty.type("9\n")
        tty.wait_for(is_asked("[vllm-primary]:", 2))
        tty.type("2\n")
        assert tty.wait() == 0
        assert "use it anyway" not in str(tty.lines)
    assert read_config(srchat)["model"] == "qwen3-4b"


def test_init_without_a_key_does_not_suggest_itself(srchat: Srchat) -> None:
    result = run_init(srchat, "1", "")
    assert result.code == 4
    assert result.err.endswith(
        "srchat: error: no API key for api.solidrust.ai\nhint: create one at console.solidrust.ai\n"
    )


def test_init_accepts_a_host_and_counts_the_models_that_it_does_not_show(
    srchat: Srchat, serve: Serve
) -> None:
    names = [f"m{number}" for number in range(25)]
    server = serve(json_response({"data": [{"id": name} for name in names]}))
    host = server.url.removeprefix("http://").removesuffix("/v1")
    result = run_init(srchat, host, "", "25")
    assert result.code == 0
    assert "20: m19\nand 5 more\n" in result.err
    assert read_config(srchat) == {"base_url": server.url, "model": "m24"}
