"""Minimal programs with the same libraries, as baselines."""

import sys
import textwrap

# Typical use of Typer and httpx. Like srchat, it loads certificates only for https. Hiding click
# prevents `import httpx` from importing Rich.
_ASK = textwrap.dedent(
    """
    import sys; sys.modules["click"] = None
    import json, ssl, httpx, typer
    def ask(url: str, prompt: str):
        body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": prompt}]}
        http = url.startswith("http://")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if http else ssl.create_default_context()
        path = url + "/chat/completions"
        with httpx.Client(verify=tls) as c, c.stream("POST", path, json=body, timeout=60) as r:
            for line in r.iter_lines():
                if line.startswith("data: {"):
                    text = json.loads(line[6:])["choices"][0]["delta"].get("content", "")
                    SHOW
        END
    typer.run(ask)
    """
)


def printing(url: str) -> list[str]:
    """Return the command that prints each token when it arrives."""
    return _program('print(text, end="", flush=True)', "print()", url)


def rendering_once(url: str) -> list[str]:
    """Return the command that renders the complete answer with Rich."""
    end = (
        "import rich.console, rich.markdown; "
        "rich.console.Console().print(rich.markdown.Markdown(''.join(parts)))"
    )
    return _program("parts.append(text)", end, url, "parts = []\n")


def _program(show: str, end: str, url: str, before: str = "") -> list[str]:
    source = before + _ASK.replace("SHOW", show).replace("END", end)
    return [sys.executable, "-c", source, url, "hi"]
