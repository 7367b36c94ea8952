# Completion of srchat for bash, made by `python -m srchat.cli.generate`.
#
# Commands and options stand here; only the names of models, profiles and conversations are
# asked from srchat, which reads them from files.

# Tell what the command $1 has, in `commands` and `options`; and in `takes` what its option
# or argument $2 takes.
_srchat_command() {
    commands='' options='' takes=''
    case $1 in
        'srchat')
            commands='ask chat models config history'
            options='--version -h --help'
            ;;
        'srchat ask')
            options='-m --model -s --system -t --temperature --top-p --max-tokens --stop --stream --no-stream -f --file --no-stdin --json --raw -x --code -e --editor --dry-run -p --profile -c --continue --conversation --no-save --usage -q --quiet -v --verbose --base-url --timeout --retries --max-wait -h --help'
            case $2 in
                -m|--model) takes=models ;;
                -s|--system) takes=text_or_file ;;
                -t|--temperature) takes=free ;;
                --top-p) takes=free ;;
                --max-tokens) takes=free ;;
                --stop) takes=free ;;
                -f|--file) takes=files ;;
                -p|--profile) takes=profiles ;;
                --conversation) takes=conversations ;;
                --base-url) takes=free ;;
                --timeout) takes=free ;;
                --retries) takes=free ;;
                --max-wait) takes=free ;;
            esac
            ;;
        'srchat chat')
            options='-m --model -s --system -t --temperature --top-p --max-tokens --stop --stream --no-stream -f --file -p --profile -c --continue --conversation --no-save --usage -q --quiet -v --verbose --base-url --timeout --retries --max-wait -h --help'
            case $2 in
                -m|--model) takes=models ;;
                -s|--system) takes=text_or_file ;;
                -t|--temperature) takes=free ;;
                --top-p) takes=free ;;
                --max-tokens) takes=free ;;
                --stop) takes=free ;;
                -f|--file) takes=files ;;
                -p|--profile) takes=profiles ;;
                --conversation) takes=conversations ;;
                --base-url) takes=free ;;
                --timeout) takes=free ;;
                --retries) takes=free ;;
                --max-wait) takes=free ;;
            esac
            ;;
        'srchat models')
            options='--json -p --profile -q --quiet -v --verbose --base-url --timeout --retries --max-wait -h --help'
            case $2 in
                -p|--profile) takes=profiles ;;
                --base-url) takes=free ;;
                --timeout) takes=free ;;
                --retries) takes=free ;;
                --max-wait) takes=free ;;
            esac
            ;;
        'srchat config')
            commands='show get set unset path edit init check'
            options='-h --help'
            ;;
        'srchat config show')
            options='--json -p --profile -h --help'
            case $2 in
                -p|--profile) takes=profiles ;;
            esac
            ;;
        'srchat config get')
            options='--origin -p --profile -h --help'
            case $2 in
                -p|--profile) takes=profiles ;;
                1) takes=settings ;;
            esac
            ;;
        'srchat config set')
            options='-p --profile -h --help'
            case $2 in
                -p|--profile) takes=profiles ;;
                1) takes=settings ;;
                [1-9]*) takes=setting_value ;;
            esac
            ;;
        'srchat config unset')
            options='-p --profile -y --yes -h --help'
            case $2 in
                -p|--profile) takes=profiles ;;
                1) takes=settings ;;
            esac
            ;;
        'srchat config path')
            options='-h --help'
            ;;
        'srchat config edit')
            options='-h --help'
            ;;
        'srchat config init')
            options='-p --profile -h --help'
            case $2 in
                -p|--profile) takes=profiles ;;
            esac
            ;;
        'srchat config check')
            options='-p --profile -q --quiet -v --verbose --base-url --timeout --retries --max-wait -h --help'
            case $2 in
                -p|--profile) takes=profiles ;;
                --base-url) takes=free ;;
                --timeout) takes=free ;;
                --retries) takes=free ;;
                --max-wait) takes=free ;;
            esac
            ;;
        'srchat history')
            commands='list show search export import delete'
            options='-h --help'
            ;;
        'srchat history list')
            options='-n --limit --json -h --help'
            case $2 in
                -n|--limit) takes=free ;;
            esac
            ;;
        'srchat history show')
            options='--all --json -h --help'
            case $2 in
                1) takes=conversations ;;
            esac
            ;;
        'srchat history search')
            options='-n --limit --json -h --help'
            case $2 in
                -n|--limit) takes=free ;;
            esac
            ;;
        'srchat history export')
            options='--format --all -h --help'
            case $2 in
                --format) takes='choices markdown json' ;;
                [1-9]*) takes=conversations ;;
            esac
            ;;
        'srchat history import')
            options='-h --help'
            case $2 in
                1) takes=files ;;
            esac
            ;;
        'srchat history delete')
            options='--older-than --all -y --yes -h --help'
            case $2 in
                --older-than) takes=free ;;
                [1-9]*) takes=conversations ;;
            esac
            ;;
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
        settings) _srchat_offer "$2" < <(printf '%s\n' base_url api_key api_key_command model system temperature top_p max_tokens stop stream timeout retries max_wait history context_window fallback_models code_theme keys allow_http profile) ;;
        setting_value)
            case $3 in
                stream) _srchat_values 'choices true false' "$2" '' ;;
                history) _srchat_values 'choices true false' "$2" '' ;;
                keys) _srchat_values 'choices emacs vi' "$2" '' ;;
                allow_http) _srchat_values 'choices true false' "$2" '' ;;
                model) _srchat_values models "$2" '' ;;
                profile) _srchat_values profiles "$2" '' ;;
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
