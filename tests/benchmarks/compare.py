"""Measures any chat client: its cost, its handling of errors, and its output of escape sequences.

`{url}` in the command is replaced by the base URL of a local server that plays the answers:

    python -m tests.benchmarks.compare -- srchat ask --base-url {url} hi
    python -m tests.benchmarks.compare -- \\
        env OPENAI_BASE_URL={url} OPENAI_API_KEY=x llm -m gpt-4o-mini hi

The command runs with an empty home directory. SRCHAT_BENCHMARK_RUNS sets the number of runs.
"""

import os
import subprocess
import sys
import tempfile
from typing import NamedTuple

from tests.benchmarks.measure import paired, streaming_server
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import (
    CLOSE,
    Script,
    ScriptedServer,
    answer,
    chunk,
    chunked,
    error,
    event,
    head,
)

CHUNKS = 20_000
COMMAND_TIMEOUT = 60  # seconds
HEAD = head(headers={"Transfer-Encoding": "chunked"})
HALF = chunk("Half an ") + chunk("answer")
SEQUENCES = {
    "OSC 52 (clipboard), BEL": "\x1b]52;c;aGk=\x07",
    "OSC 52 (clipboard), ST": "\x1b]52;c;aGk=\x1b\\",
    "OSC 0 (title), ST": "\x1b]0;owned\x1b\\",
    "CSI 2J (clear)": "\x1b[2J",
}
ENDINGS: dict[str, list[Script]] = {
    "complete": [answer("Half an ", "answer")],
    "newlines at the end": [answer("Half an ", "answer\n\n")],
    "finish_reason length": [answer("Half an ", "answer", finish="length")],
    "connection cut": [[HEAD, chunked(HALF).removesuffix(b"0\r\n\r\n"), CLOSE]],
    "in-band error": [[HEAD, chunked(HALF, event({"error": {"message": "worker died"}}))]],
    "no end": [[HEAD, chunked(HALF)]],
    "429, Retry-After: 1": [error(429, headers={"Retry-After": "1"}), answer("Half an ", "answer")],
    "500 once": [error(500), answer("Half an ", "answer")],
}


class Client(NamedTuple):
    """A command line that contains `{url}`."""

    words: list[str]

    def command(self, server: ScriptedServer) -> list[str]:
        """Return the command for a server."""
        return [word.replace("{url}", server.url) for word in self.words]


def costs(client: Client) -> list[str]:
    """Measure the cost of start-up and of a chunk, with output to a pipe."""
    with streaming_server(2) as short, streaming_server(CHUNKS) as long:
        bare, start, piped = paired(
            [sys.executable, "-c", "pass"], client.command(short), client.command(long)
        )
    per_thousand = (piped - start) / CHUNKS * 1000
    return [
        f"two tokens, piped: {start:.3f} s of CPU, {start / bare:.1f} x bare Python",
        f"1,000 chunks, piped: {per_thousand * 1000:.0f} ms of CPU",
    ]


def ending(client: Client, name: str) -> str:
    """Return how a run with one of the answers ends: exit code, stdout and stderr."""
    with ScriptedServer(ENDINGS[name]) as server:
        process = subprocess.run(
            client.command(server), stdin=subprocess.DEVNULL, capture_output=True, check=False,
            timeout=COMMAND_TIMEOUT,
        )  # fmt: skip
    lines = process.stderr.decode(errors="replace").strip().splitlines()
    last = f"{lines[-1]!r}, line {len(lines)}" if lines else "nothing"
    return (
        f"{name}: exit {process.returncode}, requests {len(server.requests)}, "
        f"output {process.stdout!r}, error {last}"
    )


def escapes(client: Client) -> list[str]:
    """Return which escape sequences of an answer are passed to a terminal and to a pipe."""
    with ScriptedServer([answer(*(f"{value} text " for value in SEQUENCES.values()))]) as server:
        with TerminalSession(client.command(server), os.environ) as session:
            session.wait()
        command = client.command(server)
        piped = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return [
        f"{name}: terminal {'raw' if value.encode() in session.raw else 'not raw'}, "
        f"pipe {'raw' if value.encode() in piped.stdout else 'not raw'}"
        for name, value in SEQUENCES.items()
    ]


def main() -> None:
    """Measure the command that follows `--`."""
    client = Client(sys.argv[sys.argv.index("--") + 1 :])
    with tempfile.TemporaryDirectory() as home:
        for name in [name for name in os.environ if name.startswith("XDG_")]:
            del os.environ[name]
        os.environ |= {"HOME": home, "TMPDIR": home, "TERM": "xterm-256color"}
        lines = [*costs(client), *(ending(client, name) for name in ENDINGS), *escapes(client)]
    print(*(f"- {line}" for line in lines), sep="\n")


if __name__ == "__main__":
    main()
