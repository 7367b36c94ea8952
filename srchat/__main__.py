"""`python -m srchat`, and the entry point of the command `srchat`."""

import gc
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] == ["--version"]:
        # Asked for by scripts and editors at every start: answered before anything is loaded.
        from srchat import __version__  # noqa: PLC0415 - on first use

        print(f"srchat {__version__}")
        return
    if sys.argv[1:2] == ["__complete"]:
        # Asked for by completion scripts at every TAB, as quick.
        from srchat.completion import main as complete  # noqa: PLC0415 - on first use

        complete(sys.argv[2:])
        return
    # The part of `signal` in C, which is there at once: a Ctrl-C in the 3 ms that the rest takes
    # would show a traceback, and from here on none does, whatever is loaded.
    import _signal  # type: ignore[import-not-found] # no stub of it; # noqa: PLC0415 - on first use

    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    from srchat.cli.app import main as run  # noqa: PLC0415 - on first use

    code = run(sys.argv[1:])
    # Nothing is left to collect: without it the interpreter looks at every object once more, 25 ms.
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
