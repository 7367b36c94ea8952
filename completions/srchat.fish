# Completion of srchat for fish, made by `python -m srchat.cli.generate`.
#
# Commands and options stand here; only the names of models, profiles and conversations are
# asked from srchat, which reads them from files.

# Print the command on the line, and then its arguments so far, a line each.
function __srchat_words
    set -l command srchat
    set -l arguments
    set -l takes_value
    set -l ended
    for word in (commandline -opc)[2..]
        if set -q takes_value[1]
            set takes_value
        else if not set -q ended[1]; and test "$word" = --
            set ended 1
        else if not set -q ended[1]; and string match -q -- '-?*' "$word"
            contains -- "$command $word" $__srchat_with_value; and set takes_value 1
        else if contains -- "$command $word" $__srchat_commands
            set command "$command $word"
        else
            set -a arguments "$word"
        end
    end
    printf '%s\n' $command $arguments
end

# Tell whether the command is $argv[1], and the argument at the cursor the one of that number.
function __srchat_at
    set -l words (__srchat_words)
    test "$words[1]" = "$argv[1]"; or return
    not set -q argv[2]; and return
    test "$argv[2]" = '*'; or test (count $words) -eq "$argv[2]"
end

# Tell whether the argument before the cursor is $argv[1].
function __srchat_after
    test (__srchat_words)[-1] = $argv[1]
end

function __srchat_ask
    command srchat __complete $argv[1] (commandline -opc) 2>/dev/null
end

function __srchat_text_or_file
    set -l typed (string replace -r -- '^(--[a-z-]+=|-[a-z]+)' '' (commandline -ct))
    # An open quote is closed before it is taken away.
    set typed (string unescape -- "$typed" "$typed\"" "$typed'")[1]
    string match -q -- '@*' "$typed"; or return
    for path in (string sub -s 2 -- "$typed")*
        test -d "$path"; and set path "$path/"
        printf '%s\n' "@$path"
    end
end

set -g __srchat_commands \
    'srchat ask' \
    'srchat chat' \
    'srchat models' \
    'srchat config' \
    'srchat config show' \
    'srchat config get' \
    'srchat config set' \
    'srchat config unset' \
    'srchat config path' \
    'srchat config edit' \
    'srchat config init' \
    'srchat config check' \
    'srchat history' \
    'srchat history list' \
    'srchat history show' \
    'srchat history search' \
    'srchat history export' \
    'srchat history import' \
    'srchat history delete'
set -g __srchat_with_value \
    'srchat ask -m' \
    'srchat ask --model' \
    'srchat ask -s' \
    'srchat ask --system' \
    'srchat ask -t' \
    'srchat ask --temperature' \
    'srchat ask --top-p' \
    'srchat ask --max-tokens' \
    'srchat ask --stop' \
    'srchat ask -f' \
    'srchat ask --file' \
    'srchat ask -p' \
    'srchat ask --profile' \
    'srchat ask --conversation' \
    'srchat ask --base-url' \
    'srchat ask --timeout' \
    'srchat ask --retries' \
    'srchat ask --max-wait' \
    'srchat chat -m' \
    'srchat chat --model' \
    'srchat chat -s' \
    'srchat chat --system' \
    'srchat chat -t' \
    'srchat chat --temperature' \
    'srchat chat --top-p' \
    'srchat chat --max-tokens' \
    'srchat chat --stop' \
    'srchat chat -f' \
    'srchat chat --file' \
    'srchat chat -p' \
    'srchat chat --profile' \
    'srchat chat --conversation' \
    'srchat chat --base-url' \
    'srchat chat --timeout' \
    'srchat chat --retries' \
    'srchat chat --max-wait' \
    'srchat models -p' \
    'srchat models --profile' \
    'srchat models --base-url' \
    'srchat models --timeout' \
    'srchat models --retries' \
    'srchat models --max-wait' \
    'srchat config show -p' \
    'srchat config show --profile' \
    'srchat config get -p' \
    'srchat config get --profile' \
    'srchat config set -p' \
    'srchat config set --profile' \
    'srchat config unset -p' \
    'srchat config unset --profile' \
    'srchat config init -p' \
    'srchat config init --profile' \
    'srchat config check -p' \
    'srchat config check --profile' \
    'srchat config check --base-url' \
    'srchat config check --timeout' \
    'srchat config check --retries' \
    'srchat config check --max-wait' \
    'srchat history list -n' \
    'srchat history list --limit' \
    'srchat history search -n' \
    'srchat history search --limit' \
    'srchat history export --format' \
    'srchat history delete --older-than'

complete -c srchat -e
complete -c srchat -f
complete -c srchat -n '__srchat_at \'srchat\' 1' -a ask -d 'Ask one question and print the answer'
complete -c srchat -n '__srchat_at \'srchat\' 1' -a chat -d 'Talk with a model, prompt by prompt'
complete -c srchat -n '__srchat_at \'srchat\' 1' -a models -d 'List the models that the server offers'
complete -c srchat -n '__srchat_at \'srchat\' 1' -a config -d 'See and change the settings'
complete -c srchat -n '__srchat_at \'srchat\' 1' -a history -d 'See, search and manage stored conversations'
complete -c srchat -n '__srchat_at \'srchat\'' -l version -d 'Print the version'
complete -c srchat -n '__srchat_at \'srchat\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat ask\'' -s m -l model -x -k -a '(__srchat_ask models)' -d 'Model name'
complete -c srchat -n '__srchat_at \'srchat ask\'' -s s -l system -x -a '(__srchat_text_or_file)' -d 'System prompt; @FILE reads it from a file, @@ starts a text with @'
complete -c srchat -n '__srchat_at \'srchat ask\'' -s t -l temperature -x -d 'Sampling temperature'
complete -c srchat -n '__srchat_at \'srchat ask\'' -l top-p -x -d 'Nucleus sampling: probability mass to consider'
complete -c srchat -n '__srchat_at \'srchat ask\'' -l max-tokens -x -d 'Maximum number of tokens to generate'
complete -c srchat -n '__srchat_at \'srchat ask\'' -l stop -x -d 'Stop sequence (repeatable)'
complete -c srchat -n '__srchat_at \'srchat ask\'' -l stream -d 'Stream the answer as it is generated'
complete -c srchat -n '__srchat_at \'srchat ask\'' -l no-stream -d 'Stream the answer as it is generated'
complete -c srchat -n '__srchat_at \'srchat ask\'' -s f -l file -r -F -d 'Attach a text file (repeatable)'
complete -c srchat -n '__srchat_at \'srchat ask\'' -l no-stdin -d 'Do not read stdin'
complete -c srchat -n '__srchat_at \'srchat ask\'' -l json -d 'Print one JSON document'
complete -c srchat -n '__srchat_at \'srchat ask\'' -l raw -d 'Do not render Markdown on a terminal'
complete -c srchat -n '__srchat_at \'srchat ask\'' -s x -l code -d 'Print only the code blocks'
complete -c srchat -n '__srchat_at \'srchat ask\'' -s e -l editor -d 'Write the prompt in $VISUAL or $EDITOR'
complete -c srchat -n '__srchat_at \'srchat ask\'' -l dry-run -d 'Print the request body without sending it'
complete -c srchat -n '__srchat_at \'srchat ask\'' -s p -l profile -x -k -a '(__srchat_ask profiles)' -d 'Use a profile; `demo` is built in'
complete -c srchat -n '__srchat_at \'srchat ask\'' -s c -l continue -d 'Continue the most recent conversation'
complete -c srchat -n '__srchat_at \'srchat ask\'' -l conversation -x -k -a '(__srchat_ask conversations)' -d 'Continue the conversation whose ID starts with this'
complete -c srchat -n '__srchat_at \'srchat ask\'' -l no-save -d 'Do not store the conversation'
complete -c srchat -n '__srchat_at \'srchat ask\'' -l usage -d 'Print tokens, time and speed to stderr'
complete -c srchat -n '__srchat_at \'srchat ask\'' -s q -l quiet -d 'Suppress warnings'
complete -c srchat -n '__srchat_at \'srchat ask\'' -s v -l verbose -d 'Log requests and responses to stderr, without the key'
complete -c srchat -n '__srchat_at \'srchat ask\'' -l base-url -x -d 'Base URL, for example http://localhost:8000/v1'
complete -c srchat -n '__srchat_at \'srchat ask\'' -l timeout -x -d 'Read timeout in seconds'
complete -c srchat -n '__srchat_at \'srchat ask\'' -l retries -x -d 'Retries before the first token'
complete -c srchat -n '__srchat_at \'srchat ask\'' -l max-wait -x -d 'Maximum wait before a retry, in seconds'
complete -c srchat -n '__srchat_at \'srchat ask\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat chat\'' -s m -l model -x -k -a '(__srchat_ask models)' -d 'Model name'
complete -c srchat -n '__srchat_at \'srchat chat\'' -s s -l system -x -a '(__srchat_text_or_file)' -d 'System prompt; @FILE reads it from a file, @@ starts a text with @'
complete -c srchat -n '__srchat_at \'srchat chat\'' -s t -l temperature -x -d 'Sampling temperature'
complete -c srchat -n '__srchat_at \'srchat chat\'' -l top-p -x -d 'Nucleus sampling: probability mass to consider'
complete -c srchat -n '__srchat_at \'srchat chat\'' -l max-tokens -x -d 'Maximum number of tokens to generate'
complete -c srchat -n '__srchat_at \'srchat chat\'' -l stop -x -d 'Stop sequence (repeatable)'
complete -c srchat -n '__srchat_at \'srchat chat\'' -l stream -d 'Stream the answer as it is generated'
complete -c srchat -n '__srchat_at \'srchat chat\'' -l no-stream -d 'Stream the answer as it is generated'
complete -c srchat -n '__srchat_at \'srchat chat\'' -s f -l file -r -F -d 'Attach a text file (repeatable)'
complete -c srchat -n '__srchat_at \'srchat chat\'' -s p -l profile -x -k -a '(__srchat_ask profiles)' -d 'Use a profile; `demo` is built in'
complete -c srchat -n '__srchat_at \'srchat chat\'' -s c -l continue -d 'Continue the most recent conversation'
complete -c srchat -n '__srchat_at \'srchat chat\'' -l conversation -x -k -a '(__srchat_ask conversations)' -d 'Continue the conversation whose ID starts with this'
complete -c srchat -n '__srchat_at \'srchat chat\'' -l no-save -d 'Do not store the conversation'
complete -c srchat -n '__srchat_at \'srchat chat\'' -l usage -d 'Print tokens, time and speed to stderr'
complete -c srchat -n '__srchat_at \'srchat chat\'' -s q -l quiet -d 'Suppress warnings'
complete -c srchat -n '__srchat_at \'srchat chat\'' -s v -l verbose -d 'Log requests and responses to stderr, without the key'
complete -c srchat -n '__srchat_at \'srchat chat\'' -l base-url -x -d 'Base URL, for example http://localhost:8000/v1'
complete -c srchat -n '__srchat_at \'srchat chat\'' -l timeout -x -d 'Read timeout in seconds'
complete -c srchat -n '__srchat_at \'srchat chat\'' -l retries -x -d 'Retries before the first token'
complete -c srchat -n '__srchat_at \'srchat chat\'' -l max-wait -x -d 'Maximum wait before a retry, in seconds'
complete -c srchat -n '__srchat_at \'srchat chat\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat models\'' -l json -d 'Print a JSON array'
complete -c srchat -n '__srchat_at \'srchat models\'' -s p -l profile -x -k -a '(__srchat_ask profiles)' -d 'Use a profile; `demo` is built in'
complete -c srchat -n '__srchat_at \'srchat models\'' -s q -l quiet -d 'Suppress warnings'
complete -c srchat -n '__srchat_at \'srchat models\'' -s v -l verbose -d 'Log requests and responses to stderr, without the key'
complete -c srchat -n '__srchat_at \'srchat models\'' -l base-url -x -d 'Base URL, for example http://localhost:8000/v1'
complete -c srchat -n '__srchat_at \'srchat models\'' -l timeout -x -d 'Read timeout in seconds'
complete -c srchat -n '__srchat_at \'srchat models\'' -l retries -x -d 'Retries before the first token'
complete -c srchat -n '__srchat_at \'srchat models\'' -l max-wait -x -d 'Maximum wait before a retry, in seconds'
complete -c srchat -n '__srchat_at \'srchat models\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat config\' 1' -a show -d 'Print every setting and its origin; the key is masked'
complete -c srchat -n '__srchat_at \'srchat config\' 1' -a get -d 'Print the value of one setting'
complete -c srchat -n '__srchat_at \'srchat config\' 1' -a set -d 'Set one setting; everything else in the file stays as it is'
complete -c srchat -n '__srchat_at \'srchat config\' 1' -a unset -d 'Unset one setting, or delete a profile; everything else in the file stays as it is'
complete -c srchat -n '__srchat_at \'srchat config\' 1' -a path -d 'Print where the configuration file is, or would be'
complete -c srchat -n '__srchat_at \'srchat config\' 1' -a edit -d 'Edit the file in $VISUAL or $EDITOR; it is kept once it is right'
complete -c srchat -n '__srchat_at \'srchat config\' 1' -a init -d 'Ask for server, key and model, try them, and write them down'
complete -c srchat -n '__srchat_at \'srchat config\' 1' -a check -d 'Check the file with all its profiles; try server and key'
complete -c srchat -n '__srchat_at \'srchat config\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat config show\'' -l json -d 'Print one JSON object'
complete -c srchat -n '__srchat_at \'srchat config show\'' -s p -l profile -x -k -a '(__srchat_ask profiles)' -d 'Use a profile; `demo` is built in'
complete -c srchat -n '__srchat_at \'srchat config show\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat config get\' 1' -k -a 'base_url api_key api_key_command model system temperature top_p max_tokens stop stream timeout retries max_wait history context_window fallback_models code_theme keys allow_http profile'
complete -c srchat -n '__srchat_at \'srchat config get\'' -l origin -d 'Where it comes from, a tab, and the value'
complete -c srchat -n '__srchat_at \'srchat config get\'' -s p -l profile -x -k -a '(__srchat_ask profiles)' -d 'Use a profile; `demo` is built in'
complete -c srchat -n '__srchat_at \'srchat config get\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat config set\' 1' -k -a 'base_url api_key api_key_command model system temperature top_p max_tokens stop stream timeout retries max_wait history context_window fallback_models code_theme keys allow_http profile'
complete -c srchat -n '__srchat_at \'srchat config set\' 2; and __srchat_after stream' -a 'true false'
complete -c srchat -n '__srchat_at \'srchat config set\' 2; and __srchat_after history' -a 'true false'
complete -c srchat -n '__srchat_at \'srchat config set\' 2; and __srchat_after keys' -a 'emacs vi'
complete -c srchat -n '__srchat_at \'srchat config set\' 2; and __srchat_after allow_http' -a 'true false'
complete -c srchat -n '__srchat_at \'srchat config set\' 2; and __srchat_after model' -k -a '(__srchat_ask models)'
complete -c srchat -n '__srchat_at \'srchat config set\' 2; and __srchat_after profile' -k -a '(__srchat_ask profiles)'
complete -c srchat -n '__srchat_at \'srchat config set\'' -s p -l profile -x -k -a '(__srchat_ask profiles)' -d 'In this profile, not for all'
complete -c srchat -n '__srchat_at \'srchat config set\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat config unset\' 1' -k -a 'base_url api_key api_key_command model system temperature top_p max_tokens stop stream timeout retries max_wait history context_window fallback_models code_theme keys allow_http profile'
complete -c srchat -n '__srchat_at \'srchat config unset\'' -s p -l profile -x -k -a '(__srchat_ask profiles)' -d 'In this profile, not for all'
complete -c srchat -n '__srchat_at \'srchat config unset\'' -s y -l yes -d 'Delete a profile without being asked'
complete -c srchat -n '__srchat_at \'srchat config unset\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat config path\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat config edit\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat config init\'' -s p -l profile -x -k -a '(__srchat_ask profiles)' -d 'Set up this profile'
complete -c srchat -n '__srchat_at \'srchat config init\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat config check\'' -s p -l profile -x -k -a '(__srchat_ask profiles)' -d 'Use a profile; `demo` is built in'
complete -c srchat -n '__srchat_at \'srchat config check\'' -s q -l quiet -d 'Suppress warnings'
complete -c srchat -n '__srchat_at \'srchat config check\'' -s v -l verbose -d 'Log requests and responses to stderr, without the key'
complete -c srchat -n '__srchat_at \'srchat config check\'' -l base-url -x -d 'Base URL, for example http://localhost:8000/v1'
complete -c srchat -n '__srchat_at \'srchat config check\'' -l timeout -x -d 'Read timeout in seconds'
complete -c srchat -n '__srchat_at \'srchat config check\'' -l retries -x -d 'Retries before the first token'
complete -c srchat -n '__srchat_at \'srchat config check\'' -l max-wait -x -d 'Maximum wait before a retry, in seconds'
complete -c srchat -n '__srchat_at \'srchat config check\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat history\' 1' -a list -d 'List conversations, the one used last first'
complete -c srchat -n '__srchat_at \'srchat history\' 1' -a show -d 'Show a conversation'
complete -c srchat -n '__srchat_at \'srchat history\' 1' -a search -d 'Search prompts and answers, the newest first'
complete -c srchat -n '__srchat_at \'srchat history\' 1' -a export -d 'Write conversations out; without an ID the one used last'
complete -c srchat -n '__srchat_at \'srchat history\' 1' -a import -d 'Import conversations that were exported as JSON, or from another history'
complete -c srchat -n '__srchat_at \'srchat history\' 1' -a delete -d 'Delete conversations; they are gone for good'
complete -c srchat -n '__srchat_at \'srchat history\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat history list\'' -s n -l limit -x -d 'At most so many'
complete -c srchat -n '__srchat_at \'srchat history list\'' -l json -d 'Print JSON'
complete -c srchat -n '__srchat_at \'srchat history list\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat history show\' 1' -k -a '(__srchat_ask conversations)'
complete -c srchat -n '__srchat_at \'srchat history show\'' -l all -d 'Also the turns that were edited or tried again'
complete -c srchat -n '__srchat_at \'srchat history show\'' -l json -d 'Print JSON'
complete -c srchat -n '__srchat_at \'srchat history show\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat history search\'' -s n -l limit -x -d 'At most so many'
complete -c srchat -n '__srchat_at \'srchat history search\'' -l json -d 'Print JSON'
complete -c srchat -n '__srchat_at \'srchat history search\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat history export\' \'*\'' -k -a '(__srchat_ask conversations)'
complete -c srchat -n '__srchat_at \'srchat history export\'' -l format -x -k -a 'markdown json' -d 'JSON keeps everything, and can be imported'
complete -c srchat -n '__srchat_at \'srchat history export\'' -l all -d 'All conversations'
complete -c srchat -n '__srchat_at \'srchat history export\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat history import\' 1' -F
complete -c srchat -n '__srchat_at \'srchat history import\'' -s h -l help -d 'Show the help'

complete -c srchat -n '__srchat_at \'srchat history delete\' \'*\'' -k -a '(__srchat_ask conversations)'
complete -c srchat -n '__srchat_at \'srchat history delete\'' -l older-than -x -d 'Those not used for so long: 12h, 30d, 8w, 6m, 1y'
complete -c srchat -n '__srchat_at \'srchat history delete\'' -l all -d 'All conversations'
complete -c srchat -n '__srchat_at \'srchat history delete\'' -s y -l yes -d 'Do not ask'
complete -c srchat -n '__srchat_at \'srchat history delete\'' -s h -l help -d 'Show the help'
