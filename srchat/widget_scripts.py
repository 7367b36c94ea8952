"""Widgets for shells, as `srchat widget` prints them: typed words become a command, not run.

Each keeps the typed text where there is no command, and at Ctrl-C. `{bind}` is the line that binds
a key.
"""

WIDGETS = {
    "bash": r"""# Widget of srchat for bash: the typed words become a command. It is not run.
_srchat_widget() {
    local command trapped
    [[ $READLINE_LINE ]] || return
    trapped=$(trap -p INT)
    trap : INT # Ctrl-C ends srchat, and not the line
    command=$(SHELL=bash command srchat ask --command --no-stdin -- "$READLINE_LINE" </dev/null) &&
        [[ $command ]] && READLINE_LINE=$command READLINE_POINT=${#command}
    trap - INT
    eval "$trapped"
}
{bind}
""",
    "zsh": r"""# Widget of srchat for zsh: the typed words become a command. It is not run.
_srchat_widget() {
  emulate -L zsh
  setopt local_traps
  [[ -n $BUFFER ]] || return
  local command
  zle -I
  trap : INT # Ctrl-C ends srchat, and not the line
  command=$(SHELL=zsh command srchat ask --command --no-stdin -- "$BUFFER" </dev/null)
  if [[ -n $command ]]; then
    BUFFER=$command
    CURSOR=$#BUFFER
  fi
  zle reset-prompt
}
zle -N srchat-widget _srchat_widget
{bind}
""",
    "fish": r"""# Widget of srchat for fish: the typed words become a command. It is not run.
function srchat_widget
    set -l typed (commandline | string collect)
    test -n "$typed"; or return
    set -l found (SHELL=fish command srchat ask --command --no-stdin -- "$typed" </dev/null \
        | string collect)
    test -n "$found"; and commandline -r -- $found
    commandline -f repaint
end
{bind}
""",
}
BINDINGS = {
    "bash": "bind -x '\"{key}\": _srchat_widget'",
    "zsh": "bindkey '{key}' srchat-widget",
    "fish": "bind {key} srchat_widget",
}
EXAMPLE_KEYS = {"bash": r"\C-xs", "zsh": "^Xs", "fish": r"\cxs"}
