"""The cache of model names: private, one file for each server, and errors ignored."""

from pathlib import Path

from srchat import model_cache
from tests.conftest import Srchat
from tests.support.shells import fish_call


def test_the_cache_is_private_and_errors_are_ignored(srchat: Srchat) -> None:
    assert srchat("models", "-p", "demo").code == 0
    (kept,) = (srchat.home / ".cache/srchat").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    (srchat.home / "file").touch()
    srchat.env["XDG_CACHE_HOME"] = str(srchat.home / "file")
    assert srchat("models", "-p", "demo") == (0, b"srchat-demo\n", "")
    assert srchat(*fish_call("models", "-p", "demo")) == (0, b"", "")


def test_servers_do_not_share_a_cache(tmp_path: Path) -> None:
    urls = ["http://a/v1", "http://a_v1", "http://" + "x" * 300, "http://" + "x" * 301]
    for url in urls:
        model_cache.write(str(tmp_path), url, [url])
    assert [model_cache.read(str(tmp_path), url) for url in urls] == [[url] for url in urls]


def test_a_failed_write_leaves_no_file(tmp_path: Path) -> None:
    model_cache.write(str(tmp_path), "http://a/v1", ["m"])
    (kept,) = tmp_path.iterdir()
    kept.unlink()
    kept.mkdir()  # a directory instead of the file
    model_cache.write(str(tmp_path), "http://a/v1", ["m"])
    assert list(tmp_path.iterdir()) == [kept]
