"""From the shell's exec to the first byte of an answer."""

import sys
import textwrap

from tests.benchmarks.measure import Row, imports, paired, srchat, streaming_server

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


# click, where it is installed, makes the floor's `import httpx` load Rich: not so here.
HIDDEN = "import sys; sys.modules['click'] = None\n"


def rows() -> list[Row]:
    """Measure."""
    python = [sys.executable, "-c", "pass"]
    bare, version, usage = paired(python, srchat("--version"), srchat("--help"))
    modules, ours = imports(python), imports(srchat("--version"))
    with streaming_server(2) as server:
        ten_lines = [sys.executable, "-c", HIDDEN + FLOOR, server.url, "hi"]
        question = srchat("ask", "--base-url", server.url, "hi")
        curling = ["curl", "-sN", f"{server.url}/chat/completions", "-d", "{}"]
        floor, ask, curl = paired(ten_lines, question, curling)
        modules_asking, ours_asking = imports(ten_lines), imports(question)
    return [
        Row("`python -c pass`", f"{_ms(bare)}, {modules} modules", "1", ""),
        Row("`srchat --version`", f"{_ms(version)}, {ours} modules",
            f"{version / bare:.2f} x bare Python", "2.5 x"),
        Row("`srchat --help`", _ms(usage), f"{usage / bare:.1f} x bare Python", ""),
        Row("curl, two tokens", _ms(curl), "", ""),
        Row("ten lines of Typer and httpx, two tokens",
            f"{_ms(floor)}, {modules_asking} modules", "1", ""),
        Row("`srchat ask`, two tokens, piped", f"{_ms(ask)}, {ours_asking} modules",
            f"{ask / floor:.2f} x the ten lines", "1.35 x"),
    ]  # fmt: skip


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
