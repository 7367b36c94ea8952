"""The file of typed lines: exact, private, shared by many chats."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.repl import typed_lines
from srchat.repl.typed_lines import TypedLines

TEXTS = ["plain", "two\nlines", "\ud83d", "\x1b[31m", "漢字", '"quoted" \\', "\u2028", " blank "]


def test_lines_come_back_exactly(tmp_path: Path) -> None:
    lines = TypedLines(tmp_path / "new" / "lines")
    for text in TEXTS:
        lines.append(text)
    assert TypedLines(tmp_path / "new" / "lines").load() == TEXTS
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / "lines").stat().st_mode) == 0o600


def test_the_same_line_twice_is_kept_once(tmp_path: Path) -> None:
    lines = TypedLines(tmp_path / "lines")
    for text in ("a", "a", "b", "a"):
        lines.append(text)
    assert lines.load() == ["a", "b", "a"]


@given(st.binary(max_size=200))
def test_a_file_of_anything_can_be_read(data: bytes) -> None:
    import tempfile  # noqa: PLC0415 - hypothesis wants no fixture

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "lines").write_bytes(data)
        assert all(TypedLines(Path(folder) / "lines").load())


def test_where_nothing_is_kept_no_file_is_made(tmp_path: Path) -> None:
    lines = TypedLines(tmp_path / "lines", keeps=False)
    lines.append("secret")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_grows_loses_its_oldest_lines_and_keeps_the_others_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typed_lines, "_MOST_BYTES", 1000)
    lines = TypedLines(tmp_path / "lines")
    for number in range(500):
        lines.append(f"line {number}")
        kept = [json.loads(line) for line in (tmp_path / "lines").read_text().splitlines()]
        assert kept == [f"line {n}" for n in range(number + 1)][-len(kept) :]
        assert len(kept) >= min(number + 1, 60)
    assert len(kept) < 300


def test_many_processes_at_once_lose_nothing_while_the_file_shrinks(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from srchat.repl import typed_lines\n"
        "typed_lines._MOST_BYTES = 100_000\n"
        "lines = typed_lines.TypedLines(Path(sys.argv[1]))\n"
        "for n in range(1000): lines.append(f'{sys.argv[2]} {n} ' + 'x' * 80)\n"
    )
    path = tmp_path / "lines"
    processes = [
        subprocess.Popen([sys.executable, "-c", script, str(path), name]) for name in "abcd"
    ]
    assert [process.wait(120) for process in processes] == [0, 0, 0, 0]
    kept = TypedLines(path).load()
    assert path.stat().st_size < 210_000
    for name in "abcd":
        numbers = [int(line.split()[1]) for line in kept if line.startswith(name)]
        assert numbers == list(range(1000))[-len(numbers) :] if numbers else True
    assert len(kept) > 1000


def test_only_the_end_of_a_long_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    line = b'"' + b"x" * 98 + b'"\n'
    path.write_bytes(line * (typed_lines._MOST_BYTES // 50))
    assert len(TypedLines(path).load()) == typed_lines._MOST_BYTES // len(line)


FULL = """
import resource, sys
from pathlib import Path
from srchat.repl.typed_lines import TypedLines
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    TypedLines(Path(sys.argv[1])).append("one more")
except OSError:
    sys.exit(3)
"""


def test_a_full_disk_takes_no_old_lines_where_the_oldest_are_let_go(tmp_path: Path) -> None:
    path = tmp_path / "typed_lines"
    path.write_bytes(b'"old"\n' * 1_500_000)
    size = path.stat().st_size
    env = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], env=env, check=False)
    assert (done.returncode, path.stat().st_size) == (3, size)
