"""`srchat config check`: the file, the server and the key are tried."""

from tests.conftest import Serve, Srchat
from tests.support.configuring import KEY, MODELS, config_file
from tests.support.server import error


def test_check_counts_one_model_in_the_singular(srchat: Srchat) -> None:
    assert "/v1: OK, 1 model\n" in srchat("config", "check", "-p", "demo").text


def test_check_tries_the_server(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    srchat.configure(f'base_url = "{server.url}"\napi_key = "{KEY}"\n')
    config_file(srchat).chmod(0o600)
    result = srchat("config", "check")
    path = config_file(srchat)
    shown = f"{path}: valid\n{server.url}: OK, 2 models\nvllm-primary: offered\n"
    assert result == (0, shown.encode(), "")
    result = srchat("config", "check", SRCHAT_MODEL="qwen")
    assert (result.code, "did you mean 'qwen3-4b'?" in result.err) == (3, True)


def test_check_fails_like_ask(srchat: Srchat, serve: Serve) -> None:
    url = serve(error(401, "no")).url
    assert srchat("config", "check", "--base-url", url).code == 4
    assert srchat("config", "check", "--base-url", "http://127.0.0.1:9", "--retries", "0").code == 8
    assert srchat("config", "check").code == 4


def test_check_fails_where_the_model_is_not_offered(srchat: Srchat, serve: Serve) -> None:
    result = srchat(
        "config", "check", SRCHAT_BASE_URL=serve(MODELS).url, SRCHAT_MODEL="vllm-primry"
    )
    assert result.code == 3
    assert "does not list the model vllm-primry\nhint: did you mean 'vllm-primary'?" in result.err
