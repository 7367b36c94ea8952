"""Ends an application of prompt_toolkit on signals, and where its terminal is gone."""

import contextlib
import signal
from collections.abc import Iterator
from typing import Any

from prompt_toolkit.application import Application

from srchat.errors import Interrupted, OutputError
from srchat.signals import signals_to


@contextlib.contextmanager
def ended_by_signals(app: "Application[str] | Application[int | None]") -> Iterator[None]:
    """End an application on a signal: raise KeyboardInterrupt on Ctrl-C, Interrupted on others.

    Raises EOFError if the terminal is gone.
    """
    seen: list[int] = []

    def end() -> None:
        if app.is_running and not app.is_done:
            app.exit(exception=KeyboardInterrupt())

    def tell(signum: int) -> None:
        seen.append(signum)
        if app.loop:
            app.loop.call_soon_threadsafe(end)

    def begin() -> None:
        _end_where_nothing_is_shown(app)
        if seen:  # the signal came before the event loop existed
            end()

    app.pre_run_callables.append(begin)
    with signals_to(tell):
        try:
            yield
        except (EOFError, KeyboardInterrupt, OSError, OutputError) as exc:
            if other := [signum for signum in seen if signum != signal.SIGINT]:
                raise Interrupted(other[-1]) from exc
            if isinstance(exc, OSError):  # pragma: no cover - SIGHUP usually comes first
                raise EOFError from exc
            raise


def _end_where_nothing_is_shown(app: "Application[str] | Application[int | None]") -> None:
    """End an application if its terminal is gone, wherever that is noticed first.

    prompt_toolkit reports errors of its event loop on the terminal. If the terminal is gone, the
    report fails too, is reported, and so on without end.
    """
    loop = app.loop
    assert loop
    show = loop.get_exception_handler()
    assert show

    def handle(_loop: object, context: dict[str, Any]) -> None:
        exc = context.get("exception")
        if not isinstance(exc, OSError | OutputError):
            show(loop, context)  # pragma: no cover - a bug in srchat or prompt_toolkit
        elif app.is_running and not app.is_done:
            app.exit(exception=exc)

    loop.set_exception_handler(handle)
