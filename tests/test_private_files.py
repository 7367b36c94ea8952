"""Private files, replaced atomically."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from srchat import private_files


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_and_its_directories_are_private(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    private_files.make_directory(path.parent)
    private_files.replace(path, b"x")
    assert (path.read_bytes(), mode(path), mode(path.parent)) == (b"x", 0o600, 0o700)


@pytest.mark.parametrize(("keep", "expected"), [(True, 0o644), (False, 0o600)])
def test_keep_mode_keeps_the_mode_of_an_old_file(tmp_path: Path, keep: bool, expected: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    private_files.replace(path, b"new", keep_mode=keep)
    assert (path.read_bytes(), mode(path)) == (b"new", expected)


def test_a_symbolic_link_is_kept(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    private_files.replace(tmp_path / "link", b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"x"


FULL = """
import resource, sys
from pathlib import Path
from srchat import private_files
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    private_files.replace(Path(sys.argv[1]), b"x" * 5000)
except OSError as exc:
    sys.exit(exc.errno)
"""


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    env = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], env=env, check=False)
    assert done.returncode
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_only_a_regular_file_is_replaced(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not a regular file"):
        private_files.replace(tmp_path, b"x")
