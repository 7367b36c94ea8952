"""The completion script for PowerShell. Pure."""

from typing import Final

from srchat.cli.generate import setting_values
from srchat.cli.generate.command_tree import Argument, Command, Option, Values

_SCRIPT: Final = r"""# Completion of srchat for PowerShell, made by `python -m srchat.cli.generate`.
#
# Commands and options stand here; only the names of models, profiles and conversations are
# asked from srchat, which reads them from files. Files are left to PowerShell.

Register-ArgumentCompleter -Native -CommandName srchat -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $tree = @{
@COMMANDS@
    }
    $settings = [ordered]@{
@SETTINGS@
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
@SETTING_VALUES@
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
"""


def script(tree: Command) -> str:
    """Return the script for a command tree."""
    words = [
        f"{_quoted(name)} {{ [ordered]@{{ {_line(dict.fromkeys(some, ''))} }} }}"
        for name, some in setting_values.WORDS.items()
    ]
    asked = [
        f"{_quoted(name)} {{ {_quoted(values)} }}" for name, values in setting_values.ASKED.items()
    ]
    return (
        _SCRIPT.replace("@COMMANDS@", "\n".join(_command(command) for command in tree.walk()))
        .replace("@SETTINGS@", _entries(setting_values.HELP, 8))
        .replace("@SETTING_VALUES@", "\n".join(f"{' ' * 12}{line}" for line in [*words, *asked]))
    )


def _command(command: Command) -> str:
    options = {
        flag: option.help.removesuffix(".")
        for option in command.options
        for flag in (*option.flags, *option.opposites)
    }
    takes = {
        flag: _takes(option)
        for option in command.options
        if option.values is not Values.NONE
        for flag in option.flags
    }
    parts = [
        "Commands = [ordered]@{", _entries({c.name: c.summary for c in command.commands}, 16), "}",
        "Options = [ordered]@{", _entries(options, 16), "}",
        "Takes = @{", "\n".join(f"{' ' * 16}{_quoted(k)} = {v}" for k, v in takes.items()), "}",
        f"Arguments = @({', '.join(_takes(argument) for argument in command.arguments)})",
    ]  # fmt: skip
    lines = [part if part.startswith("      ") else f"            {part}" for part in parts if part]
    return "\n".join([f"        {_quoted(command.path)} = @{{", *lines, "        }"])


def _takes(parameter: Option | Argument) -> str:
    if parameter.values is Values.CHOICES:
        return f"[ordered]@{{ {_line(dict.fromkeys(parameter.choices, ''))} }}"
    return _quoted(parameter.values)


def _entries(texts: dict[str, str], indent: int) -> str:
    return "\n".join(f"{' ' * indent}{_quoted(k)} = {_quoted(v)}" for k, v in texts.items())


def _line(texts: dict[str, str]) -> str:
    return "; ".join(f"{_quoted(k)} = {_quoted(v)}" for k, v in texts.items())


def _quoted(text: str) -> str:
    for mark in "'\u2018\u2019\u201a\u201b":  # PowerShell takes all of them for quotes
        text = text.replace(mark, mark * 2)
    return f"'{text}'"
