"""The cost of a batch request, compared with httpx clients in the same number of threads."""

import json
import shlex
import sys
from pathlib import Path

from tests.benchmarks.measure import Row, data_folder, paired, peak_memory, srchat
from tests.support.batch_server import BatchServer

LINES = 4000
FEW = 40
JOBS = 64
LATENCY = 0.05  # seconds per answer, so that requests overlap

# The same work without error handling, rate limits and resuming.
_FLOOR = """
import json, queue, ssl, sys, threading
import httpx
url, source, target = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loads no certificates, as for http
lines = queue.SimpleQueue()
for line in open(source):
    lines.put(line)
lock, out = threading.Lock(), open(target, "w")
def work():
    client = httpx.Client(trust_env=False, verify=context)
    while True:
        try:
            line = json.loads(lines.get_nowait())
        except queue.Empty:
            return
        response = client.post(url + "/chat/completions", json=line["body"])
        value = {"custom_id": line["custom_id"], "response": response.json()}
        with lock:
            out.write(json.dumps(value) + "\\n")
threads = [threading.Thread(target=work) for _ in range(64)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def rows() -> list[Row]:
    """Run the benchmarks."""
    many, few = _requests(LINES), _requests(FEW)
    with BatchServer(latency=LATENCY) as server:
        floor, floor_start, run, start = paired(
            _floor(server.url, many),
            _floor(server.url, few),
            _run(server.url, many),
            _run(server.url, few),
        )
        memory = peak_memory(
            "batch", "run", str(many), "--base-url", server.url, "-o", _output_path("memory")
        )
    per_line = (run - start) / (LINES - FEW) * 1e6
    bare = (floor - floor_start) / (LINES - FEW) * 1e6
    return [
        Row(f"a line, {JOBS} httpx clients", f"{bare:.0f} µs", "1", ""),
        Row("a line of `srchat batch run`", f"{per_line:.0f} µs", f"{per_line / bare:.2f}", "1.5"),
        Row(f"memory, {LINES:,} lines", f"{memory:.0f} MiB", "", "150 MiB"),
    ]


def _requests(count: int) -> Path:
    path = Path(data_folder()) / f"in-{count}.jsonl"
    body = {"model": "m", "messages": [{"role": "user", "content": "a word " * 40}]}
    lines = [
        {"custom_id": f"row-{n:06d}", "method": "POST", "url": "/v1/chat/completions", "body": body}
        for n in range(count)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def _output_path(name: str) -> str:
    path = Path(data_folder()) / f"{name}.out.jsonl"
    path.unlink(missing_ok=True)
    return str(path)


def _run(url: str, requests: Path) -> list[str]:
    out = f"{requests}.out"
    command = srchat("batch", "run", str(requests), "--base-url", url, "-o", out, "-j", str(JOBS))
    return ["sh", "-c", f"rm -f {shlex.quote(out)}; {shlex.join(command)}"]


def _floor(url: str, requests: Path) -> list[str]:
    return [sys.executable, "-c", _FLOOR, url, str(requests), f"{requests}.floor"]
