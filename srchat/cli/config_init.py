"""`srchat config init`: ask for server, key and model, test them, and save them."""

import shlex
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, NamedTuple

import typer

from srchat import paths
from srchat.api.key import checked_key, masked
from srchat.cli.config_notices import report_overrides
from srchat.cli.config_value import profile_name
from srchat.cli.process import Process
from srchat.cli.questions import Questions
from srchat.config import edit as config_edit
from srchat.config import file as config_file
from srchat.config import local_servers
from srchat.config.checks import parsed
from srchat.config.keys import KEY_SETTINGS, is_same_origin
from srchat.config.local_servers import LocalServer
from srchat.config.resolution import FileSettings, Resolved, resolve
from srchat.config.settings import DEFAULT_BASE_URL, DEMO_PROFILE, SETTINGS, Config
from srchat.errors import (
    APIError,
    APIStatusError,
    AuthenticationError,
    ConfigError,
    MissingKeyError,
    ProtocolError,
    SrchatError,
    UsageError,
)
from srchat.session.connection import Connection, open_client, open_server
from srchat.suggestions import did_you_mean
from srchat.terminal.sanitize import one_line

_PROBE_TIMEOUT: Final = 2.0  # seconds for a server on this machine to respond
_TEST_TIMEOUT: Final = 20.0
_KEY_VARIABLES: Final = ("SRCHAT_API_KEY", "SOLIDRUST_API_KEY")
_MAX_NUMBERED: Final = 20
_SHOWN_MODELS: Final = 20
_BASE_URL: Final = SETTINGS["base_url"].value_type
_KEY_HINT: Final = "create one at console.solidrust.ai"
_USE_ANYWAY: Final = "use it anyway?"


def init(
    ctx: typer.Context,
    *,
    profile: Annotated[
        str | None,
        typer.Option(
            "-p", "--profile", parser=profile_name, metavar="NAME", help="Set up this profile."
        ),
    ] = None,
) -> None:
    """Ask for server, key and model, test them, and save them.

    Servers on this machine are found. On a terminal, Tab completes servers and models. Answers may
    come from a pipe, one per line.
    """
    process: Process = ctx.obj
    if profile == DEMO_PROFILE:
        raise UsageError(f"the profile {DEMO_PROFILE} is built in and needs no setup")
    path = paths.config_path(process.environ)
    values = _Dialog(process, config_file.load(path), profile).run()
    config_edit.set_values(path, profile, values)
    report_overrides(process, path, [n for n, v in values.items() if v], profile)
    option = f"-p {shlex.quote(profile)} " if profile else ""
    process.messages.print(f"saved to {path}", f'to try it:\n    srchat ask {option}"hello"')


class _Settled(NamedTuple):
    """The server, the key (None: unchanged), and the models of the server."""

    base_url: str
    key: str | None
    models: list[str]


class _Dialog:
    """Asks the questions. Later ones depend on the answers to earlier ones."""

    def __init__(
        self,
        process: Process,
        file: FileSettings,
        profile: str | None,
        servers: Iterable[LocalServer] = local_servers.KNOWN_SERVERS,
    ) -> None:
        self._process = process
        self._file = file
        self._profile = profile
        self._servers = servers
        self._questions = Questions(process)
        self._old: Mapping[str, object] = file.profiles.get(profile, {}) if profile else file.values

    def run(self) -> dict[str, object]:
        """Return the values to set. None unsets a setting."""
        settled = self._settle(self._ask_server())
        values: dict[str, object] = {"base_url": settled.base_url}
        if settled.key:
            values["api_key"] = settled.key
        elif not self._keeps_key(settled.base_url):
            values |= dict.fromkeys(KEY_SETTINGS)
        return values | {"model": self._ask_model(settled.models)}

    def _print(self, text: str) -> None:
        messages = self._process.messages
        line = one_line(messages.redact(text))  # the server may have echoed the key
        messages.write_raw(messages.output.between_words(f"{line}\n"))

    def _ask_server(self) -> str:
        choices = self._choices()
        urls = [url for url, _ in choices]
        for number, (url, about) in enumerate(choices, 1):
            self._print(f"{number}: {url} ({about})")
        while True:
            answer = self._questions.ask("server (a number, or the URL)", "1", urls)
            if chosen := _numbered(answer, urls):
                return chosen
            try:
                return str(parsed("base_url", _BASE_URL.suggestion(answer) or answer, "server"))
            except ConfigError:
                wanted = f"{_numbers(urls)} or a URL such as http://localhost:8000/v1"
                self._again(ConfigError(f"the server must be {wanted}"))

    def _choices(self) -> list[tuple[str, str]]:
        """Return the URLs to choose from, each with a description. The first is the default."""
        known = {DEFAULT_BASE_URL: "SolidRusT AI"}
        if "base_url" in self._old:
            known = {str(self._old["base_url"]): "as it is now"} | known
        for server in local_servers.find_servers(self._servers):
            about = self._probed(server.base_url)
            if about and server.base_url not in known:
                known[server.base_url] = f"{server.name}? {about}"
        return list(known.items())

    def _probed(self, base_url: str) -> str:
        """Return a description of a server that speaks the protocol, "" for anything else."""
        config = Config(base_url=base_url, timeout=_PROBE_TIMEOUT, retries=0)
        try:
            # Without a key, because the user has not confirmed the server.
            with open_client(open_server(config, None, {}), config, self._process.log) as client:
                return f"offers {_names([model.id for model in client.list_models()])}"
        except AuthenticationError:
            return "wants a key"
        except SrchatError:
            return ""

    def _settle(self, base_url: str) -> _Settled:
        """Ask for the key and test it, until the server accepts it."""
        while True:
            key = self._ask_key(base_url)
            try:
                return self._test(base_url, key)
            except AuthenticationError as exc:
                self._again(exc, "try another key")
            except MissingKeyError as exc:
                self._again(MissingKeyError(exc.message, hint=_KEY_HINT))
            except ConfigError as exc:  # the key may not be sent there
                self._again(exc)
                base_url = self._ask_server()
            except APIError as exc:
                self._again(exc)
                if self._questions.confirm(_USE_ANYWAY, default=False):
                    return _Settled(base_url, key, [])
                base_url = self._ask_server()

    def _test(self, base_url: str, key: str | None) -> _Settled:
        try:
            models = self._models_of(self._candidate(base_url, key), _TEST_TIMEOUT)
        except (APIStatusError, ProtocolError) as exc:
            longer = f"{base_url}/v1"
            if base_url.endswith("/v1") or (isinstance(exc, APIStatusError) and exc.status != 404):
                raise
            try:
                models = self._models_of(self._candidate(longer, key), _TEST_TIMEOUT)
            except SrchatError:
                raise exc from None
            base_url = longer
        self._print(f"{base_url} responds{'' if models else ', but lists no models'}")
        return _Settled(base_url, key, models)

    def _ask_key(self, base_url: str) -> str | None:
        """Return the typed key, None to keep the current one or none."""
        there = self._candidate(base_url, None)
        now = "none"
        if there.key:
            now = f"{masked(there.key)} of {there.origins['api_key']}"
        elif there.key_command:
            now = "the api_key_command"
        while True:
            typed = self._questions.ask_secret(f"API key (hidden; empty: {now})")
            try:
                return checked_key(typed) if typed else None
            except ConfigError as exc:
                self._again(exc)

    def _keeps_key(self, base_url: str) -> bool:
        """Tell whether the key in the file belongs to this server."""
        before = resolve(self._file_with({}), {}, {}, self._profile).config.base_url
        return is_same_origin(before, base_url)

    def _candidate(self, base_url: str, key: str | None) -> Resolved:
        """Return the settings with `key`, or with the current key if it is None."""
        values: dict[str, object] = {"base_url": base_url}
        environ = {n: v for n in _KEY_VARIABLES if (v := self._process.environ.get(n))}
        if key is not None:
            environ = {}
            values["api_key"] = key
        elif not self._keeps_key(base_url):
            values |= dict.fromkeys(KEY_SETTINGS)
        return resolve(self._file_with(values), environ, {}, self._profile)

    def _file_with(self, values: Mapping[str, object]) -> FileSettings:
        """Return the file with `values` set. None unsets a setting."""
        merged = {n: v for n, v in {**self._old, **values}.items() if v is not None}
        if not self._profile:
            return self._file._replace(values=merged, profile=None)
        profiles = {**self._file.profiles, self._profile: merged}
        return self._file._replace(profiles=profiles)

    def _models_of(self, settings: Resolved, timeout: float) -> list[str]:
        process = self._process
        connection = Connection(
            settings, lambda: settings, use_secret=process.redact, log=process.log
        )
        with connection.new_client(settings.config, timeout=timeout, retries=0) as client:
            return [model.id for model in client.list_models()]

    def _ask_model(self, offered: list[str]) -> str:
        default = str(self._old.get("model", SETTINGS["model"].default))
        if offered and default not in offered:
            default = offered[0]
        for number, name in enumerate(offered[:_MAX_NUMBERED], 1):
            self._print(f"{number}: {name}")
        if len(offered) > _MAX_NUMBERED:
            self._print(f"and {len(offered) - _MAX_NUMBERED} more")
        question = "model (a number, or the name)" if offered else "model"
        while True:
            model = self._questions.ask(question, default, offered)
            if not offered or model in offered:
                return model
            if chosen := _numbered(model, offered):
                return chosen
            if model.isdecimal():
                wanted = f"{_numbers(offered)} or a name, not {one_line(model, 20)}"
                self._again(ConfigError(f"the model must be {wanted}"))
            elif self._uses_unlisted(model, offered):
                return model

    def _uses_unlisted(self, model: str, offered: list[str]) -> bool:
        """Report a model that the server does not list. Return whether to use it.

        It may exist anyway: servers accept more names than they list.
        """
        self._print(f"the server does not list {model} ({did_you_mean(model, offered)})")
        interactive = self._questions.interactive
        return not interactive or self._questions.confirm(_USE_ANYWAY, default=False)

    def _again(self, exc: SrchatError, hint: str = "") -> None:
        """Report an error before the question is repeated; raise it without a user to ask."""
        if not self._questions.interactive:
            exc.hint = exc.hint or "nothing was changed"
            raise exc
        self._process.messages.error(exc.message, exc.hint or hint)


def _numbered(answer: str, choices: list[str]) -> str:
    """Return the choice with the number `answer`, "" if there is none."""
    return {str(number): each for number, each in enumerate(choices, 1)}.get(answer, "")


def _numbers(choices: list[str]) -> str:
    return "1" if len(choices) == 1 else f"a number from 1 to {len(choices)}"


def _names(models: list[str]) -> str:
    shown = ", ".join(models[:_SHOWN_MODELS])
    more = len(models) - _SHOWN_MODELS
    return (f"{shown} and {more} more" if more > 0 else shown) or "no models"
