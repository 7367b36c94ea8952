"""`python -m srchat`, and the entry point of the command `srchat`."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] == ["--version"]:
        # Asked for by scripts and editors at every start: answered before anything is loaded.
        from srchat import __version__  # noqa: PLC0415

        print(f"srchat {__version__}")
        return
    from srchat.cli.app import main as run  # noqa: PLC0415

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
