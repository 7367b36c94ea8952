"""From the shell's exec to the first byte of an answer."""

import sys
import textwrap

from tests.benchmarks.measure import Row, paired, srchat, streaming_server

# The least that a Typer program which asks with httpx can be.
FLOOR = textwrap.dedent(
    """
    import json, httpx, typer
    def ask(url: str, prompt: str):
        body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": prompt}]}
        with httpx.Client() as c, c.stream("POST", url + "/chat/completions", json=body) as r:
            for line in r.iter_lines():
                if line.startswith("data: {"):
                    text = json.loads(line[6:])["choices"][0]["delta"].get("content", "")
                    print(text, end="", flush=True)
        print()
    typer.run(ask)
    """
)


def rows() -> list[Row]:
    """Measure."""
    python = [sys.executable, "-c", "pass"]
    bare, version, usage = paired(python, srchat("--version"), srchat("--help"))
    with streaming_server(2) as server:
        # click, where it is installed, makes the floor's `import httpx` load Rich: not so here.
        hidden = f"import sys; sys.modules['click'] = None\n{FLOOR}"
        floor, ask, curl = paired(
            [sys.executable, "-c", hidden, server.url, "hi"],
            srchat("ask", "--base-url", server.url, "hi"),
            ["curl", "-sN", f"{server.url}/chat/completions", "-d", "{}"],
        )
    return [
        Row("python -c pass", f"{bare.cpu * 1000:.0f} ms", "1", ""),
        Row("srchat --version", f"{version.cpu * 1000:.0f} ms",
            f"{version.cpu / bare.cpu:.2f} x bare Python", "2.5"),
        Row("srchat --help", f"{usage.cpu * 1000:.0f} ms",
            f"{usage.cpu / bare.cpu:.2f} x bare Python", ""),
        Row("curl, two tokens", f"{curl.cpu * 1000:.0f} ms", "", ""),
        Row("ten lines of typer and httpx, two tokens", f"{floor.cpu * 1000:.0f} ms", "1", ""),
        Row("srchat ask, two tokens, piped", f"{ask.cpu * 1000:.0f} ms",
            f"{ask.cpu / floor.cpu:.2f} x the ten lines", "1.35"),
    ]  # fmt: skip
