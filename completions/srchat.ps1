# Completion of srchat for PowerShell, made by `python -m srchat.cli.generate`.
#
# Commands and options stand here; only the names of models, profiles and conversations are
# asked from srchat, which reads them from files. Files are left to PowerShell.

Register-ArgumentCompleter -Native -CommandName srchat -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $tree = @{
        'srchat' = @{
            Commands = [ordered]@{
                'ask' = 'Ask one question and print the answer'
                'chat' = 'Talk with a model, prompt by prompt'
                'models' = 'List the models that the server offers'
                'config' = 'See and change the settings'
                'history' = 'See, search and manage stored conversations'
            }
            Options = [ordered]@{
                '--version' = 'Print the version'
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
            }
            Arguments = @()
        }
        'srchat ask' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '-m' = 'The model to ask'
                '--model' = 'The model to ask'
                '-s' = 'The system prompt; @FILE reads it from a file, @@ begins a text with one @'
                '--system' = 'The system prompt; @FILE reads it from a file, @@ begins a text with one @'
                '-t' = 'How freely the model chooses its words'
                '--temperature' = 'How freely the model chooses its words'
                '--top-p' = 'Choose among the likeliest words of this share of probability'
                '--max-tokens' = 'The most tokens to generate'
                '--stop' = 'Stop the answer at this text (repeatable)'
                '--stream' = 'Show the answer as it is made'
                '--no-stream' = 'Show the answer as it is made'
                '-f' = 'Put a text file into the message (repeatable)'
                '--file' = 'Put a text file into the message (repeatable)'
                '--no-stdin' = 'Leave standard input alone'
                '--json' = 'Print one JSON document in place of the text'
                '--raw' = 'The text as it is, also on a terminal'
                '-x' = 'Only the code blocks of the answer'
                '--code' = 'Only the code blocks of the answer'
                '-e' = 'Write the prompt in $VISUAL or $EDITOR'
                '--editor' = 'Write the prompt in $VISUAL or $EDITOR'
                '--dry-run' = 'Print the request body and send nothing'
                '-p' = 'Use this profile; `demo` is built in'
                '--profile' = 'Use this profile; `demo` is built in'
                '-c' = 'Continue the conversation that was used last'
                '--continue' = 'Continue the conversation that was used last'
                '--conversation' = 'Continue this one; the beginning of its id will do'
                '--no-save' = 'Keep nothing of this on disk'
                '--usage' = 'A line about tokens, time and speed on standard error'
                '-q' = 'No notices, only errors'
                '--quiet' = 'No notices, only errors'
                '-v' = 'Tell what goes over the wire; never the key'
                '--verbose' = 'Tell what goes over the wire; never the key'
                '--base-url' = 'Where the server''s API begins, up to /chat/completions'
                '--timeout' = 'The longest silence of the server, in seconds'
                '--retries' = 'How often to try again before the first text'
                '--max-wait' = 'The longest wait before a retry, in seconds'
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
                '-m' = 'models'
                '--model' = 'models'
                '-s' = 'text_or_file'
                '--system' = 'text_or_file'
                '-t' = 'free'
                '--temperature' = 'free'
                '--top-p' = 'free'
                '--max-tokens' = 'free'
                '--stop' = 'free'
                '-f' = 'files'
                '--file' = 'files'
                '-p' = 'profiles'
                '--profile' = 'profiles'
                '--conversation' = 'conversations'
                '--base-url' = 'free'
                '--timeout' = 'free'
                '--retries' = 'free'
                '--max-wait' = 'free'
            }
            Arguments = @('free')
        }
        'srchat chat' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '-m' = 'The model to ask'
                '--model' = 'The model to ask'
                '-s' = 'The system prompt; @FILE reads it from a file, @@ begins a text with one @'
                '--system' = 'The system prompt; @FILE reads it from a file, @@ begins a text with one @'
                '-t' = 'How freely the model chooses its words'
                '--temperature' = 'How freely the model chooses its words'
                '--top-p' = 'Choose among the likeliest words of this share of probability'
                '--max-tokens' = 'The most tokens to generate'
                '--stop' = 'Stop the answer at this text (repeatable)'
                '--stream' = 'Show the answer as it is made'
                '--no-stream' = 'Show the answer as it is made'
                '-f' = 'Put a text file into the message (repeatable)'
                '--file' = 'Put a text file into the message (repeatable)'
                '-p' = 'Use this profile; `demo` is built in'
                '--profile' = 'Use this profile; `demo` is built in'
                '-c' = 'Continue the conversation that was used last'
                '--continue' = 'Continue the conversation that was used last'
                '--conversation' = 'Continue this one; the beginning of its id will do'
                '--no-save' = 'Keep nothing of this on disk'
                '--usage' = 'A line about tokens, time and speed on standard error'
                '-q' = 'No notices, only errors'
                '--quiet' = 'No notices, only errors'
                '-v' = 'Tell what goes over the wire; never the key'
                '--verbose' = 'Tell what goes over the wire; never the key'
                '--base-url' = 'Where the server''s API begins, up to /chat/completions'
                '--timeout' = 'The longest silence of the server, in seconds'
                '--retries' = 'How often to try again before the first text'
                '--max-wait' = 'The longest wait before a retry, in seconds'
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
                '-m' = 'models'
                '--model' = 'models'
                '-s' = 'text_or_file'
                '--system' = 'text_or_file'
                '-t' = 'free'
                '--temperature' = 'free'
                '--top-p' = 'free'
                '--max-tokens' = 'free'
                '--stop' = 'free'
                '-f' = 'files'
                '--file' = 'files'
                '-p' = 'profiles'
                '--profile' = 'profiles'
                '--conversation' = 'conversations'
                '--base-url' = 'free'
                '--timeout' = 'free'
                '--retries' = 'free'
                '--max-wait' = 'free'
            }
            Arguments = @()
        }
        'srchat models' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '--json' = 'Print a JSON array'
                '-p' = 'Use this profile; `demo` is built in'
                '--profile' = 'Use this profile; `demo` is built in'
                '-q' = 'No notices, only errors'
                '--quiet' = 'No notices, only errors'
                '-v' = 'Tell what goes over the wire; never the key'
                '--verbose' = 'Tell what goes over the wire; never the key'
                '--base-url' = 'Where the server''s API begins, up to /chat/completions'
                '--timeout' = 'The longest silence of the server, in seconds'
                '--retries' = 'How often to try again before the first text'
                '--max-wait' = 'The longest wait before a retry, in seconds'
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
                '-p' = 'profiles'
                '--profile' = 'profiles'
                '--base-url' = 'free'
                '--timeout' = 'free'
                '--retries' = 'free'
                '--max-wait' = 'free'
            }
            Arguments = @()
        }
        'srchat config' = @{
            Commands = [ordered]@{
                'show' = 'Print every setting and its origin; the key is masked'
                'get' = 'Print the value of one setting'
                'set' = 'Set one setting; everything else in the file stays as it is'
                'unset' = 'Unset one setting, or delete a profile; everything else in the file stays as it is'
                'path' = 'Print where the configuration file is, or would be'
                'edit' = 'Edit the file in $VISUAL or $EDITOR; it is kept once it is right'
                'init' = 'Ask for server, key and model, try them, and write them down'
                'check' = 'Check the file with all its profiles; try server and key'
            }
            Options = [ordered]@{
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
            }
            Arguments = @()
        }
        'srchat config show' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '--json' = 'Print one JSON object'
                '-p' = 'Use this profile; `demo` is built in'
                '--profile' = 'Use this profile; `demo` is built in'
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
                '-p' = 'profiles'
                '--profile' = 'profiles'
            }
            Arguments = @()
        }
        'srchat config get' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '--origin' = 'Where it comes from, a tab, and the value'
                '-p' = 'Use this profile; `demo` is built in'
                '--profile' = 'Use this profile; `demo` is built in'
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
                '-p' = 'profiles'
                '--profile' = 'profiles'
            }
            Arguments = @('settings')
        }
        'srchat config set' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '-p' = 'In this profile, not for all'
                '--profile' = 'In this profile, not for all'
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
                '-p' = 'profiles'
                '--profile' = 'profiles'
            }
            Arguments = @('settings', 'setting_value')
        }
        'srchat config unset' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '-p' = 'In this profile, not for all'
                '--profile' = 'In this profile, not for all'
                '-y' = 'Delete a profile without being asked'
                '--yes' = 'Delete a profile without being asked'
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
                '-p' = 'profiles'
                '--profile' = 'profiles'
            }
            Arguments = @('settings')
        }
        'srchat config path' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
            }
            Arguments = @()
        }
        'srchat config edit' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
            }
            Arguments = @()
        }
        'srchat config init' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '-p' = 'Set up this profile'
                '--profile' = 'Set up this profile'
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
                '-p' = 'profiles'
                '--profile' = 'profiles'
            }
            Arguments = @()
        }
        'srchat config check' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '-p' = 'Use this profile; `demo` is built in'
                '--profile' = 'Use this profile; `demo` is built in'
                '-q' = 'No notices, only errors'
                '--quiet' = 'No notices, only errors'
                '-v' = 'Tell what goes over the wire; never the key'
                '--verbose' = 'Tell what goes over the wire; never the key'
                '--base-url' = 'Where the server''s API begins, up to /chat/completions'
                '--timeout' = 'The longest silence of the server, in seconds'
                '--retries' = 'How often to try again before the first text'
                '--max-wait' = 'The longest wait before a retry, in seconds'
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
                '-p' = 'profiles'
                '--profile' = 'profiles'
                '--base-url' = 'free'
                '--timeout' = 'free'
                '--retries' = 'free'
                '--max-wait' = 'free'
            }
            Arguments = @()
        }
        'srchat history' = @{
            Commands = [ordered]@{
                'list' = 'List conversations, the one used last first'
                'show' = 'Show a conversation'
                'search' = 'Search prompts and answers, the newest first'
                'export' = 'Write conversations out; without an ID the one used last'
                'import' = 'Import conversations that were exported as JSON, or from another history'
                'delete' = 'Delete conversations; they are gone for good'
            }
            Options = [ordered]@{
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
            }
            Arguments = @()
        }
        'srchat history list' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '-n' = 'At most so many'
                '--limit' = 'At most so many'
                '--json' = 'Print JSON'
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
                '-n' = 'free'
                '--limit' = 'free'
            }
            Arguments = @()
        }
        'srchat history show' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '--all' = 'Also the turns that were edited or tried again'
                '--json' = 'Print JSON'
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
            }
            Arguments = @('conversations')
        }
        'srchat history search' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '-n' = 'At most so many'
                '--limit' = 'At most so many'
                '--json' = 'Print JSON'
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
                '-n' = 'free'
                '--limit' = 'free'
            }
            Arguments = @('free')
        }
        'srchat history export' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '--format' = 'JSON keeps everything, and can be imported'
                '--all' = 'All conversations'
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
                '--format' = [ordered]@{ 'markdown' = ''; 'json' = '' }
            }
            Arguments = @('conversations')
        }
        'srchat history import' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
            }
            Arguments = @('files')
        }
        'srchat history delete' = @{
            Commands = [ordered]@{
            }
            Options = [ordered]@{
                '--older-than' = 'Those not used for so long: 12h, 30d, 8w, 6m, 1y'
                '--all' = 'All conversations'
                '-y' = 'Do not ask'
                '--yes' = 'Do not ask'
                '-h' = 'Show the help'
                '--help' = 'Show the help'
            }
            Takes = @{
                '--older-than' = 'free'
            }
            Arguments = @('conversations')
        }
    }
    $settings = [ordered]@{
        'base_url' = 'where the server''s API begins, up to /chat/completions'
        'api_key' = 'the server''s API key'
        'api_key_command' = 'a command that prints the API key (a password manager''s)'
        'model' = 'the model to ask'
        'system' = 'the system prompt'
        'temperature' = 'how freely the model chooses its words'
        'top_p' = 'choose among the likeliest words of this share of probability'
        'max_tokens' = 'the most tokens to generate'
        'stop' = 'texts at which the answer stops'
        'stream' = 'show the answer as it is made'
        'timeout' = 'the longest silence of the server, in seconds'
        'retries' = 'how often to try again before the first text'
        'max_wait' = 'the longest wait before a retry, in seconds'
        'history' = 'keep conversations on this machine'
        'context_window' = 'the most tokens of prompt and answer together; unset, it is learnt from the server'
        'fallback_models' = 'patterns of stand-in models; a notice tells when one of them answers'
        'code_theme' = 'the colours of code'
        'keys' = 'the keys for editing a line in a chat'
        'allow_http' = 'send the key over http:// to hosts beyond this machine'
        'profile' = 'the profile to use when none is named'
    }

    $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($null -ne $_.Value) { "$($_.Value)" } else { "$_" } })
    $command = 'srchat'
    $option = ''
    $ended = $false
    $arguments = @()
    foreach ($word in @($words | Select-Object -Skip 1)) {
        if ($option) {
            $option = ''
        } elseif (-not $ended -and $word -ceq '--') {
            $ended = $true
        } elseif (-not $ended -and $word.StartsWith('-')) {
            if ($tree[$command].Takes.ContainsKey($word)) { $option = $word }
        } elseif ($tree[$command].Commands.Contains($word)) {
            $command = "$command $word"
        } else {
            $arguments += $word
        }
    }

    $typed = "$wordToComplete"
    $before = ''
    if (-not $option -and -not $ended -and $typed -match '^(--[^=]+)=(.*)$') {
        $option = $Matches[1]
        $before = "$option="
        $typed = $Matches[2]
    }
    $here = $tree[$command]
    if ($option) {
        $takes = $here.Takes[$option]
    } elseif (-not $ended -and $typed.StartsWith('-')) {
        $takes = $here.Options
    } elseif ($here.Commands.Count) {
        $takes = $here.Commands
    } elseif ($here.Arguments.Count) {
        $place = [Math]::Min($arguments.Count, $here.Arguments.Count - 1)
        $takes = $here.Arguments[$place]
    } else {
        return
    }
    if ($takes -eq 'settings') { $takes = $settings }
    if ($takes -eq 'setting_value') {
        $takes = switch -CaseSensitive ($arguments[0]) {
            'stream' { [ordered]@{ 'true' = ''; 'false' = '' } }
            'history' { [ordered]@{ 'true' = ''; 'false' = '' } }
            'keys' { [ordered]@{ 'emacs' = ''; 'vi' = '' } }
            'allow_http' { [ordered]@{ 'true' = ''; 'false' = '' } }
            'model' { 'models' }
            'profile' { 'profiles' }
        }
    }
    if ($takes -in 'models', 'profiles', 'conversations') {
        $found = [ordered]@{}
        foreach ($line in @(& srchat __complete $takes @words 2>$null)) {
            $value, $description = "$line" -split "`t", 2
            if ($value) { $found[$value] = "$description" }
        }
        $takes = $found
    }
    if ($takes -isnot [System.Collections.IDictionary]) { return }

    foreach ($entry in $takes.GetEnumerator()) {
        if (-not $entry.Key.StartsWith($typed, [StringComparison]::Ordinal)) { continue }
        $text = "$before$($entry.Key)"
        if ($text -notmatch '^[\w./:=+-]+$') {
            # It knows every mark that PowerShell takes for a quote.
            $code = [System.Management.Automation.Language.CodeGeneration]
            $text = "'" + $code::EscapeSingleQuotedStringContent($text) + "'"
        }
        $tip = if ($entry.Value) { $entry.Value } else { $entry.Key }
        [System.Management.Automation.CompletionResult]::new(
            $text, $entry.Key, 'ParameterValue', $tip)
    }
}
