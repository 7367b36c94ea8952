"""`history export --format html` in a real browser."""

import os
import shutil
import subprocess

import pytest

from tests.conftest import Serve, Srchat
from tests.markdown.test_attacks import ATTACKS
from tests.markdown.test_html import HIDDEN, INJECTIONS, Page
from tests.support.server import Script, answer, json_response

QUIETLY = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--disable-breakpad", "--disable-crash-reporter"),
)
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def have_conversation(srchat: Srchat, serve: Serve, *texts: str) -> None:
    """Have a conversation in which each prompt is answered with its own text."""
    scripts: list[Script] = [answer(text) for text in texts]
    server = serve(*scripts)
    for number, text in enumerate(texts):
        more = ["-c"] if number else []
        prompt = text if "\0" not in text else "x"
        result = srchat("ask", *more, "-", "--base-url", server.url, stdin=prompt.encode())
        assert result.code == 0, result.err


def test_a_conversation_is_one_page_without_script(srchat: Srchat, serve: Serve) -> None:
    have_conversation(srchat, serve, "# One\n\n**two**", "three")
    page = srchat("history", "export", "--format", "html").text
    assert page.startswith("<!DOCTYPE html>\n")
    assert "default-src 'none'" in page
    assert "<h1>One</h1>\n<p><strong>two</strong></p>" in page
    assert page.count("<article>") == 4
    elements = Page(page).elements
    assert not {"script", "img", "link", "iframe"} & set(elements)


def test_an_incomplete_answer_is_marked(srchat: Srchat, serve: Serve) -> None:
    server = serve(answer("half", finish="abort"))
    assert srchat("ask", "x", "--base-url", server.url).code == 6
    assert "<em>incomplete: " in srchat("history", "export", "--format", "html").text


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium here")
def test_in_a_browser_nothing_is_requested_or_executed(srchat: Srchat, serve: Serve) -> None:
    trap = serve(json_response({}))
    texts = [text.replace("//evil.test", f"//127.0.0.1:{trap.port}") for text in INJECTIONS]
    have_conversation(srchat, serve, *texts, *(text for text in ATTACKS.values() if text.strip()))
    page = srchat.home / "page.html"
    page.write_bytes(srchat("history", "export", "--format", "html").out)
    dom = subprocess.run(
        [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            *QUIETLY,
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env=os.environ | {"HOME": str(srchat.home)},
    ).stdout
    seen, written = Page(dom), Page(page.read_text())
    assert not trap.requests
    assert sorted(set(seen.elements)) == sorted(set(written.elements))
    assert seen.elements.count("article") == written.elements.count("article")
    assert "".join(seen.text.split()) == "".join(written.text.split())
    assert not HIDDEN.search(dom)
