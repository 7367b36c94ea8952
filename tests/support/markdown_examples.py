"""The examples of the CommonMark and GFM specifications, out of a package that ships them.

markdown-it-py's source distribution holds them, its wheel does not: the one of the version
that is installed is fetched once, with pip, and kept. SRCHAT_MARKDOWN_EXAMPLES names a
directory to keep it in, or to find it where there is no network.
"""

import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path


@cache
def commonmark_examples() -> list[str]:
    """Return the Markdown of all examples of CommonMark."""
    return [e["markdown"] for e in json.loads(_file("test_cmark_spec/commonmark.json"))]


@cache
def gfm_examples() -> list[str]:
    """Return the Markdown of the examples for tables and strikethrough."""
    files = ("tables", "strikethrough", "strikethrough_single_tilde")
    return [e for name in files for e in _fixtures(_file(f"test_port/fixtures/{name}.md"))]


def _fixtures(text: str) -> list[str]:
    # Title, ".", Markdown, ".", HTML, "."
    return re.findall(r"^\.\n(.*?)^\.\n.*?^\.$", text, flags=re.MULTILINE | re.DOTALL)


def _file(name: str) -> str:
    with tarfile.open(_sdist()) as archive:
        member = next(m for m in archive.getmembers() if m.name.endswith(f"/tests/{name}"))
        content = archive.extractfile(member)
        assert content is not None
        return content.read().decode()


@cache
def _sdist() -> Path:
    wanted = version("markdown-it-py")
    kept = Path(os.environ.get("SRCHAT_MARKDOWN_EXAMPLES") or tempfile.gettempdir())
    pattern = f"markdown[-_]it[-_]py-{wanted}.tar.gz"
    if not list(kept.glob(pattern)):
        _fetch(wanted, kept)
    return next(kept.glob(pattern))


def _fetch(wanted: str, kept: Path) -> None:
    # Not straight into its place: another worker of the tests could find half of it there.
    with tempfile.TemporaryDirectory(dir=kept) as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        options = ["--no-binary", ":all:", "--dest", folder]
        subprocess.run([*command, *options, f"markdown-it-py=={wanted}"], check=True)
        for file in Path(folder).iterdir():
            file.replace(kept / file.name)
