"""`python -m tests.mutants`: do the tests of the pure modules notice when a line is broken?

Breaks one place at a time, in a copy, runs the tests that mirror the module, and prints what
none of them noticed. One seed is always the same places, evenly over the modules; a change to a
module moves only those in the changed lines. Ends with 1 where more than one of fifteen goes
unnoticed: some slips make no difference.
"""

import argparse
import sys

from tests.mutants.breaks import ROOT, Mutant, mutants
from tests.mutants.run import unnoticed

MIRRORS = {
    "srchat/api/answer.py": "tests/api/test_answer.py",
    "srchat/api/error_body.py": "tests/api/test_error_body.py",
    "srchat/api/retry.py": "tests/api/test_retry.py",
    "srchat/api/sse.py": "tests/api/test_sse.py",
    "srchat/batch/controller.py": "tests/batch/test_controller.py",
    "srchat/batch/request_file.py": "tests/batch/test_request_file.py",
    "srchat/batch/results.py": "tests/batch/test_results.py",
    "srchat/config/keys.py": "tests/config/test_resolution.py",
    "srchat/config/value_types.py": "tests/config/test_checks.py tests/config/test_settings.py",
    "srchat/config/layers.py": "tests/config/test_resolution.py",
    "srchat/config/resolution.py": "tests/config/test_resolution.py",
    "srchat/config/checks.py": "tests/config/test_checks.py",
    "srchat/config/toml_edit.py": "tests/config/test_toml_edit.py",
    "srchat/config/toml_scanner.py": (
        "tests/config/test_toml_scanner.py tests/config/test_toml_edit.py"
    ),
    "srchat/session/overflow.py": "tests/session/test_overflow.py",
    "srchat/conversation.py": "tests/test_conversation.py",
    "srchat/tokens.py": "tests/test_tokens.py tests/test_conversation.py",
    "srchat/markdown/splitter.py": (
        "tests/markdown/test_splitter.py tests/markdown/test_math_blocks.py"
    ),
    "srchat/markdown/resume.py": "tests/markdown/test_splitter.py",
    "srchat/terminal/sanitize.py": "tests/terminal/test_sanitize.py",
}


def _can_tell(paths: list[str]) -> bool:
    """Tell whether the tests pass with the whole modules, and fail where one is a wreck."""
    mirrors = {file: path for path in paths for file in MIRRORS[path].split()}
    whole = [
        (Mutant(path, (ROOT / path).read_text(encoding="utf-8"), file), file)
        for file, path in mirrors.items()
    ]
    wreck = (Mutant(paths[0], "raise ImportError\n", "a wreck"), MIRRORS[paths[0]])
    return set(unnoticed([*whole, wreck])) == {mutant for mutant, _ in whole}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="in place of all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=30)
    args = parser.parse_args()
    paths = args.modules or list(MIRRORS)
    if not _can_tell(paths):
        print("the tests fail without a mutant, or do not run against the copy", file=sys.stderr)
        return 2

    share, rest = divmod(args.count, len(paths))
    chosen = [
        (mutant, MIRRORS[path])
        for place, path in enumerate(paths)
        for mutant in mutants(path, args.seed, share + (place < rest))
    ]
    alive = 0
    for mutant in unnoticed(chosen):
        print(mutant.told, flush=True)
        alive += 1
    print(f"{len(chosen) - alive} of {len(chosen)} mutants noticed")
    return int(alive > len(chosen) // 15)


if __name__ == "__main__":
    sys.exit(main())
