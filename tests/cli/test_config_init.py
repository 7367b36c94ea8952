"""`config init` sends no key while it searches for servers on this machine."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from srchat.cli.config_init import _Dialog
from srchat.cli.process import Process
from srchat.config.file import load
from srchat.config.local_servers import LocalServer
from tests.conftest import Serve, Srchat
from tests.support.server import ScriptedServer, json_response

KEY = "sk-srt-0123456789abcdef"
COMMAND = ["sh", "-c", f"touch ran; echo {KEY}"]
MODELS = json_response({"data": [{"id": "m"}]})


@pytest.fixture
def listener(serve: Serve) -> ScriptedServer:
    return serve(MODELS, MODELS, MODELS)


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
    server = serve(MODELS)
    address = server.url.removeprefix("http://")
    result = srchat("config", "init", stdin=f"{address}\n\n\n".encode())
    assert result.code == 0, result.err
    assert f'base_url = "{server.url}"' in (srchat.home / "config.toml").read_text()
