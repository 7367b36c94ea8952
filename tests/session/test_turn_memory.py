"""A reply that is stored but does not fit the memory twice."""

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import COVERAGE_ENV
from tests.support.waiting import WAIT_TIMEOUT

# A reply of 120 MB. At its end, the process gets only 20 MB more.
SCRIPT = """
import json, resource, sys
from pathlib import Path
from srchat.api.http import httpx
from srchat.session.reply_stream import ReplyEnded, caught
from tests.session.test_session import Host, Network
from tests.support.server import DONE, chunk

class Pieces(httpx.SyncByteStream):
    def __iter__(self):
        for _ in range(120):
            yield chunk("x" * 1_000_000)
        yield chunk(finish="stop")
        yield DONE

class LargeNetwork(Network):
    def handle_request(self, request):
        headers = {"content-type": "text/event-stream"}
        return httpx.Response(200, headers=headers, stream=Pieces())

_, maximum = resource.getrlimit(resource.RLIMIT_AS)
host = Host(Path(sys.argv[1]), LargeNetwork())
for event in caught(host.session.send("x")):
    if isinstance(event, ReplyEnded):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + (20 << 20)
        resource.setrlimit(resource.RLIMIT_AS, (limit, maximum))
current = host.session.conversation
resource.setrlimit(resource.RLIMIT_AS, (maximum, maximum))
stored = host.store.load(current.id)
turns = [each.turns[-1] for each in (current, stored)]
print(json.dumps([[len(turn.reply), turn.complete, turn.reason] for turn in turns]))
"""


def test_a_chat_goes_on_with_the_begin_of_a_reply_that_is_too_large(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], env={"PATH": "", **COVERAGE_ENV},
        cwd=Path(__file__).parents[2], capture_output=True, timeout=WAIT_TIMEOUT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    current, stored = json.loads(done.stdout)
    assert current == [1 << 16, False, "out of memory"]
    assert stored == [120_000_000, True, ""]
