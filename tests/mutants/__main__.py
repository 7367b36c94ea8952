"""Mutation testing of the pure modules: `python -m tests.mutants`.

Each mutant is a copy of a module with one change. The tests of that module run against it, and the
mutants that survive are printed. Places are spread evenly over the modules and depend on the seed;
editing a module changes only the mutants of the edited lines. The exit code is 1 if more than one
mutant in fifteen survives; some are equivalent to the original.
"""

import argparse
import sys

from tests.mutants.breaks import ROOT, Mutant, mutants
from tests.mutants.run import survivors

TESTS = {
    "srchat/api/answer.py": "tests/api/test_answer.py",
    "srchat/api/error_body.py": "tests/api/test_error_body.py",
    "srchat/api/retry.py": "tests/api/test_retry.py",
    "srchat/api/sse.py": "tests/api/test_sse.py",
    "srchat/batch/controller.py": "tests/batch/test_controller.py",
    "srchat/batch/request_file.py": "tests/batch/test_request_file.py",
    "srchat/batch/results.py": "tests/batch/test_results.py",
    "srchat/config/keys.py": "tests/config/test_keys.py tests/config/test_resolution.py",
    "srchat/config/value_types.py": "tests/config/test_checks.py tests/config/test_settings.py",
    "srchat/config/layers.py": "tests/config/test_layers.py",
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
    "srchat/markdown/resume.py": "tests/markdown/test_resume.py tests/markdown/test_splitter.py",
    "srchat/terminal/sanitize.py": "tests/terminal/test_sanitize.py",
}


def _is_set_up(paths: list[str]) -> bool:
    """Tell whether the tests pass with the original modules and fail with a broken one."""
    modules = {file: path for path in paths for file in TESTS[path].split()}
    originals = [
        (Mutant(path, (ROOT / path).read_text(encoding="utf-8"), file), file)
        for file, path in modules.items()
    ]
    broken = (Mutant(paths[0], "raise ImportError\n", "broken"), TESTS[paths[0]])
    return set(survivors([*originals, broken])) == {mutant for mutant, _ in originals}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="default: all modules")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=30)
    args = parser.parse_args()
    paths = args.modules or list(TESTS)
    if not _is_set_up(paths):
        print("the tests fail without a mutant, or do not use the copy", file=sys.stderr)
        return 2

    share, rest = divmod(args.count, len(paths))
    chosen = [
        (mutant, TESTS[path])
        for index, path in enumerate(paths)
        for mutant in mutants(path, args.seed, share + (index < rest))
    ]
    survived = 0
    for mutant in survivors(chosen):
        print(mutant.diff, flush=True)
        survived += 1
    print(f"{len(chosen) - survived} of {len(chosen)} mutants killed")
    return int(survived > len(chosen) // 15)


if __name__ == "__main__":
    sys.exit(main())
