"""`python -m srchat`, and the entry point of the command `srchat`."""

import gc
import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.stdout and (text := _quick_answer(sys.argv[1:])):
        try:
            print(text, end="", flush=True)
        except OSError:
            pass  # reported the way all commands take
        else:
            return
    if sys.argv[1:2] == ["__complete"]:
        # Asked for by completion scripts at every TAB.
        from srchat.shell_completion import main as complete  # noqa: PLC0415 - on first use

        complete(sys.argv[2:])
        return
    # `signal` takes 3 ms to load, in which Ctrl-C would print a traceback; its part in C is there
    # at once. From here on Ctrl-C ends the process silently, whatever is being loaded.
    import _signal  # type: ignore[import-not-found] # no stub of it; # noqa: PLC0415 - on first use

    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    # Start-up makes 100,000 objects that stay: collecting them early costs 6 ms. Commands that run
    # for long make garbage, too.
    if sys.argv[1:2] not in (["chat"], ["batch"]):
        gc.set_threshold(50_000)
    _import_lazily()
    try:
        from srchat.cli.app import main as run  # noqa: PLC0415 - on first use
    except Exception as exc:  # a package is missing, or its file is damaged
        if os.environ.get("SRCHAT_DEBUG") == "1":
            raise
        from srchat.errors import broken_installation  # noqa: PLC0415 - on first use

        error = broken_installation(exc, os.environ)
        sys.exit(f"srchat: error: {error.message}\nhint: {error.hint}")

    from srchat.signals import end, end_by  # noqa: PLC0415 - loaded by now

    code = run(sys.argv[1:])
    if code < 0:
        end_by(-code)
    end(code)


def _import_lazily() -> None:
    """Load modules on first use, from Python 3.15 on (PEP 810); it saves a fifth of the CPU.

    httpx and httpcore set attributes on what they import, and need the real thing.
    """
    if sys.version_info >= (3, 15):  # pragma: no cover - needs a newer Python
        eager = ("httpx", "httpcore", "h11")
        sys.set_lazy_imports_filter(lambda name, *_: name.partition(".")[0] not in eager)
        sys.set_lazy_imports("all")


def _quick_answer(arguments: list[str]) -> str:
    """Return the output of a few commands that need nothing loaded, "" for any other."""
    if arguments in ([], ["-h"], ["--help"], ["help"]) and _has_80_columns():
        from srchat.help_text import HELP  # noqa: PLC0415 - on first use

        return HELP
    if arguments == ["--version"]:
        from srchat import __version__  # noqa: PLC0415 - on first use

        return f"srchat {__version__}\n"
    if arguments[:1] == ["completion"] and len(arguments) == 2:
        from srchat.completion_scripts import SCRIPTS  # noqa: PLC0415 - on first use

        return SCRIPTS.get(arguments[1], "")
    return ""


def _has_80_columns() -> bool:
    """Tell whether stdout takes the width of the generated help; elsewhere Typer wraps it."""
    if "COLUMNS" in os.environ:
        return False
    try:
        return os.get_terminal_size(1).columns >= 80
    except OSError:  # not a terminal
        return True


if __name__ == "__main__":
    main()
