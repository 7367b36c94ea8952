"""Result files: each result once, however the previous run ended."""

import subprocess
import sys
from pathlib import Path

import pytest

from srchat.batch.request_file import BatchRequest
from srchat.batch.result_log import ResultLog, Resumed, errors_path
from srchat.batch.results import failure_line, success_line
from srchat.errors import OutputError, UsageError
from tests.support.server import completion

A, B, C = (BatchRequest(f"row-{n}", b"{}", f"{n:016x}") for n in (1, 2, 3))
OTHER_ENGINE = (
    b'{"id":"vllm-1","custom_id":"row-1","response":{"status_code":200,"body":'
    b'{"choices":[{"message":{"content":"hi"}}]}},"error":null}'
)


def success(request: BatchRequest) -> bytes:
    return success_line(request, {}, completion(f"of {request.custom_id}"), 0.1)


def failure(request: BatchRequest) -> bytes:
    return failure_line(request, 400, "bad", "no")


def pending(*requests: BatchRequest) -> dict[bytes, int | None]:
    return {each.custom_id.encode(): int(each.digest, 16) for each in requests}


def resumed(
    path: Path, *requests: BatchRequest, only_new: bool = False
) -> tuple[Resumed, list[str]]:
    """Resume a log. Return its content and the ids of the requests to send."""
    log = ResultLog(path)
    left = pending(*requests)
    found = log.resume(left, only_new=only_new)
    log.close()
    return found, [key.decode() for key, digest in left.items() if digest is not None]


def test_finished_requests_are_not_sent_again(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    log = ResultLog(path)
    log.resume(pending(A, B, C), only_new=False)
    log.add_success(success(B))
    log.add_failure(failure(C))
    log.close()
    assert (path.stat().st_mode & 0o777, errors_path(path).stat().st_mode & 0o777) == (0o600, 0o600)
    assert resumed(path, A, B, C, only_new=True) == (Resumed(1, 1, 0, 0), ["row-1"])
    assert errors_path(path).read_bytes() == failure(C)
    assert resumed(path, A, B, C) == (Resumed(1, 0, 0, 0), ["row-1", "row-3"])
    assert path.read_bytes() == success(B)


def test_old_failures_stay_until_there_is_a_new_result(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    errors_path(path).write_bytes(failure(A) + failure(B) + failure(C)[:30])
    assert resumed(path, A, B, C) == (Resumed(), ["row-1", "row-2", "row-3"])
    assert errors_path(path).read_bytes().startswith(failure(A) + failure(B))
    log = ResultLog(path)
    log.resume(pending(A, B, C), only_new=False)
    log.add_success(success(A))
    assert not errors_path(path).exists()
    log.add_failure(failure(B))
    log.close()
    assert errors_path(path).read_bytes() == failure(B)
    assert resumed(path, A)[1] == []  # nothing to send; failures are in another file
    assert not errors_path(path).exists()


def test_failures_not_retried_stay_and_a_truncated_one_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    errors_path(path).write_bytes(failure(A) + failure(B)[:30])
    log = ResultLog(path)
    left = pending(A, B, C)
    assert log.resume(left, only_new=True) == Resumed(failed=1)
    log.add_failure(failure(C))
    log.close()
    assert errors_path(path).read_bytes() == failure(A) + failure(C)


def test_an_unrelated_file_with_the_name_of_the_failure_file_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    errors_path(path).write_text("my notes\n")
    with pytest.raises(UsageError, match="not a result of a batch"):
        resumed(path, A)
    assert errors_path(path).read_text() == "my notes\n"


@pytest.mark.parametrize("size", [1, 5, 40, 200])
def test_a_truncated_last_line_is_removed(tmp_path: Path, size: int) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(success(A) + success(B)[:size])
    assert resumed(path, A, B) == (Resumed(1, 0, 0, 0), ["row-2"])
    assert path.read_bytes() == success(A)


def test_a_result_of_a_changed_request_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(success(A) + success(B))
    changed = BatchRequest("row-1", b"{}", "00000000000000ff")
    assert resumed(path, changed, B) == (Resumed(1, 0, 1, 0), ["row-1"])
    assert path.read_bytes() == success(B)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_duplicate_result_is_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(success(A) + success(A))
    assert resumed(path, A)[0].done == 1
    assert path.read_bytes() == success(A)


def test_failures_of_another_engine_are_retried_and_its_results_count(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(failure(B) + OTHER_ENGINE)  # OGX omits the last line break
    assert resumed(path, A, B) == (Resumed(1, 0, 0, 0), ["row-2"])
    assert path.read_bytes() == OTHER_ENGINE + b"\n"


def test_results_of_unknown_requests_are_kept_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(success(C))
    assert resumed(path, A) == (Resumed(0, 0, 0, 1), ["row-1"])
    assert path.read_bytes() == success(C)


@pytest.mark.parametrize("text", [b"my notes", b"my notes\n", b'{"a": 1}\n', success(A) + b"x\n"])
def test_an_unrelated_file_is_not_changed(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(text)
    with pytest.raises(UsageError, match="not a result of a batch"):
        resumed(path, A)
    assert path.read_bytes() == text


def test_no_second_run_writes_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(success(A) + success(A))
    log = ResultLog(path)
    with pytest.raises(UsageError, match="is in use"):
        ResultLog(path)
    log.resume(pending(A), only_new=False)  # replaces the file
    with pytest.raises(UsageError, match="is in use"):
        ResultLog(path)
    log.close()
    ResultLog(path).close()


def test_a_symbolic_link_is_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "out.jsonl", tmp_path / "link.jsonl"
    path.write_bytes(success(A) + success(A))
    link.symlink_to(path)
    resumed(link, A)
    assert link.is_symlink()
    assert path.read_bytes() == success(A)


@pytest.mark.parametrize("name", ["missing/out.jsonl", ".", "\0"])
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        ResultLog(tmp_path / name)


def test_a_device_is_refused() -> None:
    with pytest.raises(UsageError, match="not a regular file"):
        ResultLog(Path("/dev/null"))


def test_a_file_that_cannot_be_replaced_is_named_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(success(A) + success(A))
    (tmp_path / ".out.jsonl.new").mkdir()
    with pytest.raises(OutputError, match=f"cannot write {path}: Is a directory"):
        resumed(path, A)
    assert path.read_bytes() == success(A) + success(A)


FILLER = """
import resource, sys
from pathlib import Path
from srchat.batch.result_log import ResultLog
from srchat.errors import OutputError
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = ResultLog(Path(sys.argv[1]))
log.add_success(b"x" * 99 + b"\\n")
resource.setrlimit(resource.RLIMIT_FSIZE, (150, 150))
try:
    log.add_success(b"y" * 99 + b"\\n")
except OutputError as exc:
    print(exc.message)
"""


def test_a_line_without_room_is_not_written_partially(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", FILLER, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"cannot write {path}: File too large\n"
    assert path.read_bytes() == b"x" * 99 + b"\n"


def test_a_failure_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    log = ResultLog(path)
    errors_path(path).mkdir()
    with pytest.raises(OutputError, match=r"errors\.jsonl"):
        log.add_failure(failure(A))
    log.close()
