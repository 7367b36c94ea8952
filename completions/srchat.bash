# Completion of srchat for bash; srchat itself decides what to offer.
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
