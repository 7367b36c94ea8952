"""The process of a command: its log, its JSON, and secrets that no message shows."""

import json

import pytest

from srchat.cli.process import Process
from tests.conftest import Serve, Srchat
from tests.support.configuring import KEY, run_init
from tests.support.server import answer, error, json_response


def test_init_redacts_a_key_that_the_server_echoes(srchat: Srchat, serve: Serve) -> None:
    server = serve(json_response({"data": [{"id": f"\x1b[2J{KEY}"}]}))
    result = run_init(srchat, server.url, KEY, "model")
    assert result.code == 0
    assert KEY not in result.err
    assert "\x1b" not in result.err


def test_a_header_that_is_a_label_is_not_redacted(srchat: Srchat, serve: Serve) -> None:
    server = serve(
        error(400, "the srchat team at https://example.com has no search, key abc123xyz")
    )
    srchat.configure(
        f'base_url = "{server.url}"\n[headers]\nX-Title = "srchat"\nX-Team = "search"\n'
        'HTTP-Referer = "https://example.com/app"\nX-Api-Key = "abc123xyz"\n'
    )
    result = srchat("ask", "hi")
    assert "the srchat team at https://example.com has no search, key [key" in result.err
    assert "abc123xyz" not in result.err


def test_verbose_logs_each_attempt_and_its_headers(srchat: Srchat, serve: Serve) -> None:
    server = serve(error(503, "busy", {"Retry-After": "0", "X-Trace": "t1"}), answer("ok"))
    lines = srchat("ask", "hi", "-v", "--base-url", server.url).err.splitlines()
    assert [line for line in lines if "> POST" in line][1:]
    assert [line for line in lines if "x-trace: t1" in line]
    assert [line for line in lines if "the server answers 200" in line]
    assert all(line.startswith("srchat: ") for line in lines)


def test_json_is_ascii_and_loses_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    value = {"text": "é \x1b[2J \u202e \U0001f600", "half": "\ud83d", "none": None}
    Process({}).print_json(value)
    shown = capfd.readouterr().out
    assert shown.isascii()
    assert "\x1b" not in shown
    assert json.loads(shown) == value
