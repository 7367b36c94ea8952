"""`python -m tools.generate [--check]`: write the generated files, or compare them."""

import sys
from pathlib import Path
from typing import Final

from tools.generate import generated

ROOT: Final = Path(__file__).parents[2]
_COMMAND: Final = "python -m tools.generate"


def differences(root: Path) -> list[str]:
    """Return the paths of files that are outdated, missing or obsolete."""
    texts = generated()
    wrong = [path for path, text in texts.items() if _read(root / path) != text]
    return sorted({*wrong, *_obsolete(root, set(texts))})


def write(root: Path) -> list[str]:
    """Write changed files, remove obsolete ones, and return the paths of both."""
    texts, changed = generated(), differences(root)
    for path in changed:
        if path in texts:
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_text(texts[path], encoding="utf-8")
        else:
            (root / path).unlink()
    return changed


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _obsolete(root: Path, wanted: set[str]) -> set[str]:
    """Return the files of commands that no longer exist."""
    return {f"man/{file.name}" for file in (root / "man").glob("*")} - wanted


def main(arguments: list[str]) -> int:
    """Write the files, or with --check list those that differ and return 1."""
    if arguments == ["--check"]:
        wrong = differences(ROOT)
        for path in wrong:
            print(f"{path} is not up to date: run {_COMMAND}", file=sys.stderr)
        return 1 if wrong else 0
    if arguments:
        print(f"usage: {_COMMAND} [--check]", file=sys.stderr)
        return 2
    for path in write(ROOT):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
