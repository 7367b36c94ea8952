"""The settings of a command, and the session and library opened with them."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srchat import paths
from srchat.cli.process import Process
from srchat.config import file as config_file
from srchat.config.layers import LayerKind
from srchat.config.resolution import FileSettings, Resolved, resolve
from srchat.config.settings import DEMO_PROFILE, SETTINGS, Config
from srchat.conversation import title_of
from srchat.errors import UsageError
from srchat.library import Library
from srchat.session.connection import Connection
from srchat.session.session import Session

if TYPE_CHECKING:
    from srchat.session.profile_prompts import PromptTemplate


class Settings:
    """The settings from options, variables and the file. Raises ConfigError.

    `parameters`: of a command, from Typer. None, [] and () mean not given.
    """

    def __init__(self, environ: Mapping[str, str], parameters: Mapping[str, object]) -> None:
        given = {name: value for name, value in parameters.items() if value not in (None, [], ())}
        self._environ = environ
        self._options = {
            name: (
                entry.value_type.combine(value)
                if isinstance(value := given[name], list | tuple)
                else value
            )
            for name, entry in SETTINGS.items()
            if name in given and entry.flags
        }
        self._profile = str(given["profile"]) if "profile" in given else None
        self.file = self._read_file()
        self.resolved = self._resolve()

    @property
    def config(self) -> Config:
        """The effective values."""
        return self.resolved.config

    @property
    def fixed(self) -> frozenset[str]:
        """The settings given on the command line, by an option or by `--profile`."""
        kinds = {LayerKind.OPTION}
        if self._profile is not None:
            kinds |= {LayerKind.PROFILE, LayerKind.DEMO}
        return frozenset(name for name in SETTINGS if self.resolved.kinds[name] in kinds)

    def check_variables(self, template: "PromptTemplate | None") -> None:
        """Raise UsageError for a --var that the template does not use."""
        names = self.given_variables
        if names and template is None:
            raise UsageError(
                "--var needs a prompt template", hint="use a profile that has one, with -p"
            )
        if template:
            template.check_variables(names)

    @property
    def given_variables(self) -> list[str]:
        """The names of the variables set by --var."""
        given = self._options.get("vars")
        return list(given) if isinstance(given, dict) else []

    def read_again(self) -> Resolved:
        """Return the current settings; the file may have changed."""
        self.file = self._read_file()
        return self._resolve()

    def _read_file(self) -> FileSettings:
        file = config_file.load(paths.config_path(self._environ))
        chosen = self._profile or self._environ.get("SRCHAT_PROFILE") or file.profile
        is_here = chosen in (*file.profiles, DEMO_PROFILE) and chosen not in file.profile_paths
        if not chosen or is_here:
            return file
        from srchat.config.profile_files import with_profile  # noqa: PLC0415 - on first use

        return with_profile(file, chosen, from_option=self._profile is not None)

    def _resolve(self) -> Resolved:
        return resolve(self.file, self._environ, self._options, self._profile)


def read_settings(process: Process, parameters: Mapping[str, object]) -> Settings:
    """Return the settings of a command, and apply --quiet and --verbose. Raises ConfigError."""
    process.messages.quiet = bool(parameters.get("quiet"))
    process.is_verbose = bool(parameters.get("verbose"))
    settings = Settings(process.environ, parameters)
    for output in (process.stdout, process.stderr):
        output.use_color(settings.config.color)
    if file := _file_above(Path(settings.file.path)):
        process.messages.warning(f"no configuration: {file} is not a directory")
    for exposed in settings.file.exposed:
        process.messages.warning(
            f"other users can read {exposed}", hint=f"run: chmod 600 {exposed}"
        )
    return settings


def _file_above(path: Path) -> Path | None:
    """Return a file that stands where a path needs a directory, None if there is none."""
    above = next((each for each in path.parents if os.path.exists(each)), None)  # noqa: PTH110 - Path's own may raise
    return above if above and not above.is_dir() else None


def open_library(process: Process) -> Library:
    """Return the data on this machine. It is closed with the process."""
    library = Library(process.environ, process.messages.warning)
    process.resources.callback(library.close)
    return library


def open_connection(process: Process, settings: Settings, library: Library) -> Connection:
    """Return the connection to the configured server. It is closed with the process."""
    connection = Connection(
        settings.resolved,
        settings.read_again,
        use_secret=process.redact,
        log=process.log,
        library=library,
        frame_time=process.stdout.frame_time,
    )
    process.resources.callback(connection.close)
    return connection


def open_session(process: Process, settings: Settings, library: Library, *, keep: bool) -> Session:
    """Return a session with the configured server. `keep`: store its turns."""
    config, template = settings.config, None
    if config.prompt or config.system:
        from srchat.session import profile_prompts  # noqa: PLC0415 - on first use

        template = profile_prompts.prompt_template(settings.file, settings.resolved)
        system = profile_prompts.system_prompt(settings.file, settings.resolved)
        config = dataclasses.replace(config, system=system)
    settings.check_variables(template)
    return Session(
        config,
        open_connection(process, settings, library),
        library,
        fixed=settings.fixed,
        keep=keep and config.history,
        template=template,
    )


def continue_chosen(
    process: Process,
    session: Session,
    library: Library,
    parameters: Mapping[str, Any],
    *,
    answered: bool = False,
) -> None:
    """Load the conversation that the options of a command or SRCHAT_CONVERSATION name.

    A new name becomes the title of a new conversation. `answered`: --continue skips conversations
    without an answer.
    Raises UsageError if it does not exist or several are named, StoreError if it cannot be read: an
    answer without the conversation would not be what the user asked for.
    """
    prefix, name, last = (parameters[key] for key in ("conversation", "name", "continue_"))
    given = {"--continue": last, "--conversation": prefix is not None, "--name": name is not None}
    first, *others = [option for option, is_given in given.items() if is_given] or [""]
    if others:
        raise UsageError(f"{first} cannot be combined with {others[0]}")
    title = title_of((process.environ.get("SRCHAT_CONVERSATION") if not first else name) or "")
    if name is not None and not title:
        raise UsageError("--name: a conversation needs a name")
    if not first and not title:
        return
    store = library.open_existing()
    if prefix is not None:
        if store is None:
            raise UsageError(f"no conversation {prefix!r}", hint="no conversations are stored")
        id_: str | None = store.find(prefix)
    elif store:
        id_ = store.last_used(answered=answered) if last else store.find_by_title(title)
    else:
        id_ = None
    if store and id_:
        session.load(store.load(id_))
    elif last:
        process.messages.warning("no conversation to continue; starting a new one")
    else:
        session.conversation = session.conversation._replace(title=title)
