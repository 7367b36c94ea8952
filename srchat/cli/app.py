"""The command tree, and the only place where an error becomes an exit code."""

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Final

import typer
from typer.exceptions import TyperException

from srchat import __version__, signals
from srchat.cli.process import Process
from srchat.errors import (
    ClosedPipeError,
    ExitCode,
    Interrupted,
    OutputError,
    SrchatError,
    broken_installation,
)
from srchat.terminal.streams import reserve_standard_descriptors

_REPORT = "please report it with the traceback, which SRCHAT_DEBUG=1 prints"

# Each is imported when it is called. Importing all takes 15 ms.
_COMMANDS: Final = {
    "ask": "srchat.cli.ask:ask",
    "chat": "srchat.cli.chat:chat",
    "batch": "srchat.cli.batch:batch_app",
    "last": "srchat.cli.last:last",
    "models": "srchat.cli.models:models",
    "config": "srchat.cli.config:config_app",
    "history": "srchat.cli.history:history_app",
    "completion": "srchat.cli.completion:completion",
    "widget": "srchat.cli.widget:widget",
    "help": "srchat.cli.app:help_",
}


def build_app(called: str = "") -> typer.Typer:
    """Return the command tree, or only the part for the command `called`."""
    app = typer.Typer(
        name="srchat",
        add_completion=False,  # Typer's scripts start Python at every TAB
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help, and no Rich to load for it
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(srchat)
    for name in [called] if called in _COMMANDS else _COMMANDS:
        module, _, attribute = _COMMANDS[name].partition(":")
        command = getattr(import_module(module), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def help_(
    ctx: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[COMMAND]...")] = None,
) -> None:
    """Show the help of a command."""
    arguments = [*(words or []), "--help"]
    build_app()(arguments, prog_name="srchat", standalone_mode=False, obj=ctx.obj)


def _version(asked: bool) -> None:  # noqa: FBT001 - Typer calls it with the value alone
    if asked:
        typer.echo(f"srchat {__version__}")
        raise typer.Exit


def srchat(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Chat with a language model from the terminal.

    Talks to any OpenAI-compatible server. Without a key: srchat ask --profile demo "hello"
    """


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit code, or minus the signal that ended it.

    Raises nothing.
    """
    reserve_standard_descriptors()
    if sys.stdout is None:  # stdout is closed, and Typer's output must fail, too
        sys.stdout = os.fdopen(1, "w", closefd=False)
    process = Process(os.environ)
    try:
        try:
            signals.install()
            return _reported(arguments or ["--help"], process)
        finally:
            signals.ignore()  # a second signal before this call is handled like the first
    except Interrupted as exc:
        signals.ignore()
        process.messages.print(exc.message)
        return -exc.signum
    finally:
        signals.ignore()
        process.close()


def _reported(arguments: Sequence[str], process: Process) -> int:
    try:
        return _run(arguments, process)
    except SrchatError as exc:
        return _report(exc, process)
    except MemoryError:
        process.messages.error("out of memory")
        return int(ExitCode.UNEXPECTED)
    except Exception as exc:  # noqa: BLE001 - the last chance to report it in one line
        return _report_unexpected(exc, process)


def _run(arguments: Sequence[str], process: Process) -> int:
    try:
        app = build_app(arguments[0])
        code = app(list(arguments), prog_name="srchat", standalone_mode=False, obj=process)
        if sys.stdout:  # pragma: no branch - `main` has opened it
            sys.stdout.flush()
        return int(code or 0)
    except TyperException as exc:
        from srchat.cli.usage_errors import usage_error  # noqa: PLC0415 - only for an error

        raise usage_error(exc, arguments) from exc
    except typer.Abort as exc:  # pragma: no cover - Typer's EOFError; ours are caught before
        raise Interrupted(signal.SIGINT) from exc
    except OSError as exc:
        # Errors of our own output are translated already; this is help printed by Typer.
        raise _give_up_stdout(exc) from exc
    except SystemExit as exc:
        # Typer exits with its own code if the reader of its help has closed the pipe.
        raise ClosedPipeError("the reader of the output closed the pipe") from exc


def _report(exc: SrchatError, process: Process) -> int:
    _print_traceback(exc, process)
    if not isinstance(exc, ClosedPipeError):
        signals.ignore()  # one complete message
        process.messages.error(exc.message, exc.hint)
    return int(exc.exit_code)


def _report_unexpected(exc: Exception, process: Process) -> int:
    if not _print_traceback(exc, process):
        error = (
            broken_installation(exc, process.environ)  # a module loaded on first use
            if isinstance(exc, (ImportError, SyntaxError))
            else SrchatError(f"unexpected {type(exc).__name__}: {exc}", hint=_REPORT)
        )
        process.messages.error(error.message, error.hint)
    return int(ExitCode.UNEXPECTED)


def _print_traceback(exc: Exception, process: Process) -> bool:
    wanted = process.environ.get("SRCHAT_DEBUG") == "1"
    if wanted:
        for line in "".join(traceback.format_exception(exc)).splitlines():
            process.messages.print(line)
    return wanted


def _give_up_stdout(exc: OSError) -> OutputError:
    """Return the error for output of Typer, and leave nothing for the interpreter to flush."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return OutputError(f"cannot write the output: {exc.strerror}")
