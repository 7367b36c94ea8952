"""The completion script for bash. Pure."""

from typing import Final

from srchat.cli.generate import setting_values
from srchat.cli.generate.command_tree import Argument, Command, Option, Values

_SCRIPT: Final = r"""# Completion of srchat for bash, made by `python -m srchat.cli.generate`.
#
# Commands and options stand here; only the names of models, profiles and conversations are
# asked from srchat, which reads them from files.

# Tell what the command $1 has, in `commands` and `options`; and in `takes` what its option
# or argument $2 takes.
_srchat_command() {
    commands='' options='' takes=''
    case $1 in
@COMMANDS@
    esac
}

# Put the words up to the cursor into `words`. Those of bash are cut at ":", "=" and "@".
_srchat_words() {
    local rest=${COMP_LINE:0:COMP_POINT} i
    words=()
    for (( i = 0; i < COMP_CWORD; i++ )); do
        _srchat_piece "${COMP_WORDS[i]}"
        rest=${rest#"${COMP_WORDS[i]}"}
    done
    _srchat_piece "${rest#"${rest%%[![:space:]]*}"}"
}

# Add a piece to `words`, as a word of its own where a blank begins `rest`; take that away.
_srchat_piece() {
    if [[ ${#words[@]} == 0 || $rest == [[:space:]]* ]]; then
        words+=("$1")
    else
        words[${#words[@]}-1]+=$1
    fi
    rest=${rest#"${rest%%[![:space:]]*}"}
}

# Offer the lines of standard input that begin with what is typed ($1), quoted for the shell.
# What stands behind a tab tells what a line means.
_srchat_offer() {
    local typed=$prefix$1 plain quote='' before='' mark line meaning described=()
    case $1 in
        [\"\']*) quote=${1:0:1} plain=${1:1} ;;
        *) IFS= read plain <<<"$1" ;; # without -r: takes the backslashes away
    esac
    for mark in : = @; do
        # readline replaces only what stands behind the last of these, or an @ with it
        if [[ $COMP_WORDBREAKS == *$mark* && $typed == *$mark* ]]; then
            line=${typed%$mark*}${mark%@}
            (( ${#line} > ${#before} )) && before=$line
        fi
    done
    while IFS= read -r line; do
        meaning=${line#*$'\t'} line=${line%%$'\t'*}
        [[ $meaning == "$line" ]] && meaning='' || meaning="  ($meaning)"
        [[ $line == "$plain"* ]] || continue
        case $quote in
            '') printf -v line '%s%q' "$prefix" "$line"; line=${line#"$before"} ;;
            \') line=${line//\'/\'\\\'\'} ;;
            *)
                line=${line//\\/\\\\} line=${line//\"/\\\"}
                line=${line//\$/\\\$} line=${line//\`/\\\`}
                ;;
        esac
        COMPREPLY+=("$line") described+=("$line$meaning")
    done
    # Of several, readline lists all and inserts only what they begin with; but it inserts them
    # whole where it goes through them (37), or puts all on the line (42).
    if (( ${#COMPREPLY[@]} > 1 && ${COMP_TYPE:-37} != 37 && COMP_TYPE != 42 )); then
        COMPREPLY=("${described[@]}")
        compopt -o nosort 2>/dev/null
    fi
}

# Offer files or directories ($1), as typed ($2) behind a mark ($3).
_srchat_paths() {
    local path typed=${2#[\"\']}
    [[ $typed == "$3"* ]] || return
    _srchat_offer "$2" < <(compgen -A "$1" -- "${typed#"$3"}" | while IFS= read -r path; do
        [[ -d $path ]] && path+=/
        printf '%s\n' "$3$path"
    done)
    [[ ${COMPREPLY[*]-} == */ ]] && compopt -o nospace 2>/dev/null
}

# Tell whether readline takes the value that is typed for a word, and completes paths by itself.
_srchat_is_word() {
    [[ -z $prefix || $prefix == *= && $COMP_WORDBREAKS == *=* ]]
}

# Offer values: what is taken ($1), what is typed ($2), the setting named before ($3).
_srchat_values() {
    case $1 in
        models|profiles|conversations)
            _srchat_offer "$2" < <(command srchat __complete "$1" "${words[@]}" 2>/dev/null)
            ;;
        files) _srchat_is_word && compopt -o default 2>/dev/null || _srchat_paths file "$2" '' ;;
        directories)
            _srchat_is_word && compopt -o dirnames 2>/dev/null || _srchat_paths directory "$2" ''
            ;;
        text_or_file) _srchat_paths file "$2" @ ;;
        settings) _srchat_offer "$2" < <(printf '%s\n' @SETTINGS@) ;;
        setting_value)
            case $3 in
@SETTING_VALUES@
            esac
            ;;
        choices\ *) _srchat_offer "$2" < <(printf '%s\n' ${1#choices }) ;;
    esac
}

# Tell which option of a word ($1) takes a value, in `option`; and in `prefix` what stands before
# the value, where it is in the same word: --model=x, -mx, -qmx.
_srchat_option() {
    local i
    option='' prefix=''
    case $1 in
        --*=*) option=${1%%=*} prefix=$option= ;;
        --*) _srchat_command "$command" "$1" && [[ -n $takes ]] && option=$1 ;;
        *)
            for (( i = 1; i < ${#1}; i++ )); do
                _srchat_command "$command" "-${1:i:1}"
                [[ -n $takes ]] || continue
                option=-${1:i:1}
                (( i + 1 < ${#1} )) && prefix=${1:0:i+1}
                return
            done
            ;;
    esac
}

_srchat() {
    local commands options takes words IFS=$' \t\n'
    COMPREPLY=()
    _srchat_words
    local command=srchat option='' prefix='' ended='' first='' place=1 i
    local last=$(( ${#words[@]} - 1 ))
    for (( i = 1; i < last; i++ )); do
        local word=${words[i]}
        _srchat_command "$command" ''
        if [[ -n $option ]]; then
            option=''
        elif [[ -z $ended && $word == -- ]]; then
            ended=1
        elif [[ -z $ended && $word == -?* ]]; then
            _srchat_option "$word"
            [[ -n $prefix ]] && option='' prefix=''
        elif [[ " $commands " == *" $word "* ]]; then
            command+=" $word"
        else
            (( place++ == 1 )) && first=$word
        fi
    done
    local typed=${words[last]}
    if [[ -z $option && -z $ended && $typed == -?* ]]; then
        _srchat_option "$typed"
        [[ -n $prefix ]] && typed=${typed#"$prefix"} || option=''
    fi
    _srchat_command "$command" "${option:-$place}"
    if [[ -n $option ]]; then
        _srchat_values "$takes" "$typed" ''
    elif [[ -z $ended && $typed == -* ]]; then
        _srchat_offer "$typed" < <(printf '%s\n' $options)
    elif [[ -n $commands ]]; then
        _srchat_offer "$typed" < <(printf '%s\n' $commands)
    else
        _srchat_values "$takes" "$typed" "$first"
    fi
}

complete -F _srchat srchat
"""


def script(tree: Command) -> str:
    """Return the script for a command tree."""
    words = [
        f"""{name}) _srchat_values 'choices {" ".join(some)}' "$2" '' ;;"""
        for name, some in setting_values.WORDS.items()
    ]
    asked = [
        f"""{name}) _srchat_values {values} "$2" '' ;;"""
        for name, values in setting_values.ASKED.items()
    ]
    return (
        _SCRIPT.replace("@COMMANDS@", "\n".join(_command(command) for command in tree.walk()))
        .replace("@SETTINGS@", " ".join(setting_values.NAMES))
        .replace("@SETTING_VALUES@", "\n".join(f"{' ' * 16}{line}" for line in [*words, *asked]))
    )


def _command(command: Command) -> str:
    flags = [flag for option in command.options for flag in (*option.flags, *option.opposites)]
    lines = [f"        '{command.path}')"]
    if command.commands:
        lines.append(f"            commands='{' '.join(sub.name for sub in command.commands)}'")
    lines.append(f"            options='{' '.join(flags)}'")
    cases = _cases(command)
    if cases:
        lines += ["            case $2 in", *(f"                {case}" for case in cases)]
        lines.append("            esac")
    return "\n".join([*lines, "            ;;"])


def _cases(command: Command) -> list[str]:
    """Return the lines of a `case` that tells what each option and argument takes."""
    options = [
        f"{'|'.join(option.flags)}) takes={_takes(option)} ;;"
        for option in command.options
        if option.values is not Values.NONE
    ]
    arguments = [
        f"{'[1-9]*' if argument.many else number}) takes={_takes(argument)} ;;"
        for number, argument in enumerate(command.arguments, 1)
        if argument.values is not Values.FREE
    ]
    return options + arguments


def _takes(parameter: Option | Argument) -> str:
    if parameter.values is Values.CHOICES:
        return f"'choices {' '.join(parameter.choices)}'"
    return str(parameter.values)
