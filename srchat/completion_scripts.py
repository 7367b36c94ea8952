"""Completion scripts for shells, as `srchat completion` prints them; they call `__complete`."""

SCRIPTS = {
    "bash": r"""# Completion of srchat for bash; srchat itself decides what to offer.
_srchat() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(command srchat __complete bash "${COMP_LINE:0:COMP_POINT}" "${COMP_TYPE:-37}" \
        "$COMP_WORDBREAKS" 2>/dev/null)
    compopt -o nosort 2>/dev/null
    case ${COMPREPLY[*]-} in
        files) COMPREPLY=() && compopt -o default ;;
        directories) COMPREPLY=() && compopt -o dirnames ;;
        */ | *=) compopt -o nospace ;;
    esac 2>/dev/null
}

complete -F _srchat srchat
""",
    "zsh": r"""#compdef srchat
# Completion of srchat for zsh; srchat itself decides what to offer.
_srchat() {
  local -a found
  found=("${(@f)$(command srchat __complete zsh "${(@)words[1,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
  case $found[1] in
    'files '*) compset -p ${found[1]#* }; _files ;;
    'directories '*) compset -p ${found[1]#* }; _files -/ ;;
    ?*) _describe -V srchat found ;;
    *) return 1 ;;
  esac
}

if [[ $funcstack[1] == _srchat ]]; then
  _srchat "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _srchat srchat
fi
""",
    "fish": r"""# Completion of srchat for fish; srchat itself decides what to offer.
function __srchat_complete
    set -l typed (commandline -ct)
    command srchat __complete fish (commandline -opc) "$typed" 2>/dev/null
end

complete -c srchat -e
complete -c srchat -f -k -a '(__srchat_complete)'
""",
}
