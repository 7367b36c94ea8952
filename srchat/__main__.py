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
    import signal  # noqa: PLC0415 - on first use

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback while modules load
    from srchat.cli.app import main as run  # noqa: PLC0415 - on first use

    code = run(sys.argv[1:])
    # Nothing is left to collect: without it the interpreter looks at every object once more, 25 ms.
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
