"""The cost of start-up, until the first output and until the end of an answer."""

import contextlib
import os
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from unittest import mock

import trustme

from tests.benchmarks import floors
from tests.benchmarks.measure import (
    RUNS,
    Row,
    data_folder,
    imports,
    paired,
    srchat,
    streaming_script,
    streaming_server,
)
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import HOLD, Script, ScriptedServer, chunk, chunked, head
from tests.support.tls_server import TLSServer

_SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def rows() -> list[Row]:
    """Run the benchmarks."""
    return [*_commands(), *_two_tokens(), *_first_byte()]


def _commands() -> list[Row]:
    python = [sys.executable, "-c", "pass"]
    script = str(Path(sysconfig.get_path("scripts")) / "srchat")
    bare, version, usage = paired(python, [script, "--version"], [script, "--help"])
    return [
        Row("`python -c pass`", f"{_ms(bare)}, {imports(python)} modules", "1", ""),
        Row("`srchat --version`, installed", _ms(version), f"{version / bare:.2f}", "1.5"),
        Row("`srchat --help`, installed", _ms(usage), f"{usage / bare:.2f}", "5"),
    ]


def _two_tokens() -> list[Row]:
    rows = []
    authority = trustme.CA()
    with (
        streaming_server(2) as http,
        TLSServer([streaming_script(2)], authority) as https,
        _trusted(authority),
    ):
        for server, scheme in ((http, "http"), (https, "https")):
            floor, command = (
                floors.printing(server.url),
                srchat("ask", "--base-url", server.url, "hi"),
            )
            baseline, ask = paired(floor, command)
            what = f"two tokens, piped, {scheme}"
            rows += [
                Row(f"ten lines of Typer and httpx, {what}",
                    f"{_ms(baseline)}, {imports(floor)} modules", "1", ""),
                Row(f"`srchat ask`, {what}", f"{_ms(ask)}, {imports(command)} modules",
                    f"{ask / baseline:.2f}", "1.10"),
            ]  # fmt: skip
    return rows


@contextlib.contextmanager
def _trusted(authority: trustme.CA) -> Iterator[None]:
    """Let programs trust `authority` in addition to the system's certificates."""
    file = Path(data_folder()) / "ca.pem"
    system = _SYSTEM_CERTIFICATES.read_bytes() if _SYSTEM_CERTIFICATES.exists() else b""
    file.write_bytes(system + authority.cert_pem.bytes())
    with mock.patch.dict(os.environ, SSL_CERT_FILE=str(file)):
        yield


def _first_byte() -> list[Row]:
    script: Script = [
        head(headers={"Transfer-Encoding": "chunked"}),
        chunked(chunk("token ")).removesuffix(chunked()),
        HOLD,
    ]
    with ScriptedServer([script]) as server:
        commands = floors.printing(server.url), srchat("ask", "--base-url", server.url, "hi")
        costs = [[_until_shown(command) for command in commands] for _ in range(RUNS)]
    floor, ask = (median(column) for column in zip(*costs, strict=True))
    what = "first byte of the answer on a terminal"
    return [
        Row(f"httpx, {what}", _ms(floor), "1", ""),
        Row(f"`srchat ask`, {what}", _ms(ask), f"{ask / floor:.2f}", "1.8"),
    ]


def _until_shown(command: Sequence[str]) -> float:
    """Return the CPU seconds of a command until it shows the first token."""
    env = dict(os.environ) | {"TERM": "xterm-256color", "SRCHAT_DATA": data_folder()}
    with TerminalSession(command, env) as session:
        session.wait_for(lambda session: b"token" in session.raw)
        tasks = Path(f"/proc/{session.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
