"""The examples of the CommonMark and GFM specifications, from markdown-it-py.

Only its source distribution contains them. That of the installed version is downloaded once with
pip and cached in the directory SRCHAT_MARKDOWN_EXAMPLES; without a network, put it there.
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
    """Return the Markdown of all CommonMark examples."""
    return [e["markdown"] for e in json.loads(_file("test_cmark_spec/commonmark.json"))]


@cache
def gfm_examples() -> list[str]:
    """Return the Markdown of the GFM examples for tables and strikethrough."""
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
    release = version("markdown-it-py")
    cache_dir = Path(os.environ.get("SRCHAT_MARKDOWN_EXAMPLES") or tempfile.gettempdir())
    pattern = f"markdown[-_]it[-_]py-{release}.tar.gz"
    if not list(cache_dir.glob(pattern)):
        _fetch(release, cache_dir)
    return next(cache_dir.glob(pattern))


def _fetch(release: str, cache_dir: Path) -> None:
    # Moved when it is complete, because another test worker may look for it.
    with tempfile.TemporaryDirectory(dir=cache_dir) as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        options = ["--no-binary", ":all:", "--dest", folder]
        subprocess.run([*command, *options, f"markdown-it-py=={release}"], check=True)
        for file in Path(folder).iterdir():
            file.replace(cache_dir / file.name)
