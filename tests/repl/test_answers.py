"""Questions with line editing, whose answers Tab completes."""

from tests.conftest import Serve, Srchat
from tests.support.configuring import KEY, MODELS, read_config
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import json_response


def test_tab_completes_servers_and_models_in_init(srchat: Srchat, serve: Serve) -> None:
    server = serve(MODELS)
    srchat.configure(f'base_url = "{server.url}"\n')
    port = server.url.split(":")[2].split("/")[0]
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("server (a number, or the URL) [1]:")
        tty.type(f":{port}\t")
        tty.wait_for_text(f"[1]: {server.url}")
        tty.type("\n")
        tty.wait_for_text("API key (hidden; empty: none):")
        tty.type("\n")
        tty.wait_for_text("model (a number, or the name) [vllm-primary]:")
        tty.type("q\t")
        tty.wait_for_text("[vllm-primary]: qwen3-4b")
        tty.type("\n")
        assert tty.wait() == 0
    assert read_config(srchat) == {"base_url": server.url, "model": "qwen3-4b"}


def test_tab_offers_several_models_in_init_to_choose_from(srchat: Srchat, serve: Serve) -> None:
    names = ("vllm-primary", "vllm-small", "\x1b[2Jvllm")
    server = serve(json_response({"data": [{"id": name} for name in names]}))
    srchat.configure(f'base_url = "{server.url}"\n')
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("server (a number, or the URL) [1]:")
        tty.type("\n")
        tty.wait_for_text("API key (hidden; empty: none):")
        tty.type("\n")
        tty.wait_for_text("[vllm-primary]:")
        tty.type("\t")  # a name with invisible characters is not offered
        tty.wait_for_text("[vllm-primary]: vllm-")
        tty.wait_for(lambda tty: any(line.split() == ["vllm-small"] for line in tty.lines))
        tty.type("\x1b[B\x1b[B\n")
        assert tty.wait() == 0
    assert read_config(srchat)["model"] == "vllm-small"


def test_a_key_typed_too_early_is_not_shown_by_the_next_question(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(MODELS)
    srchat.configure(f'base_url = "{server.url}"\n')
    with TerminalSession(srchat.command("config", "init"), srchat.env) as tty:
        tty.wait_for_text("server (a number, or the URL) [1]:")
        tty.type(f"\n{KEY}")
        tty.wait_for_text("API key (hidden; empty: none):")
        tty.type("\n")
        tty.wait_for_text("[vllm-primary]:")
        tty.type("\n")
        assert tty.wait() == 0
    assert KEY not in str(tty.lines)
    assert read_config(srchat)["model"] == "vllm-primary"
