"""Additions of the manual pages to the help: details, and examples that tests run."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Prose:
    """`more`: follows the help. `examples`: descriptions and commands."""

    more: str = ""
    examples: tuple[tuple[str, str], ...] = ()


PROSE: Final = {
    "srchat": Prose(
        more="""
The answer is written to standard output; warnings, reasoning and errors go to standard error. A
pipe gets the exact bytes of the answer. On a terminal the answer is rendered as Markdown while it
streams. Text from outside cannot control the terminal: escape sequences are shown as text.

Requests that fail before the first token are retried, and every wait is announced. An incomplete
answer is kept, and the exit status says so.
""",
        examples=(
            ("Try srchat without an API key or a network:",
             'srchat ask --profile demo "hello there"'),
            ("Set up server, key and model:", "srchat config init"),
        ),
    ),
    "srchat ask": Prose(
        more="""
Files come first, then standard input, then the prompt, separated by blank lines. Files and
standard input are enclosed in tags, so that the model can tell them from the question; their text
is unchanged. Input must be UTF-8.

Standard input is read if it is a file or a pipe. Use `--no-stdin` in a loop or a scheduled job,
where standard input belongs to something else.

`--continue` skips conversations without an answer. A conversation keeps its own model and system
prompt, unless an option or a profile given with `--profile` sets others.

On a terminal, finished blocks are printed once and only the open tail is redrawn. If you narrow
the window while an answer streams, rows of the tail may appear twice; none is missing.

Parameters that are not set are not sent, so the defaults of the server apply.

`--param NAME=VALUE` adds any other parameter to the request. VALUE is JSON or else text, a dotted
name is nested, and `NAME=` removes a parameter that the configuration sets. Servers may ignore
names that they do not know without an error. To switch off the thinking of Qwen3 on vLLM, also
behind LiteLLM:
`--param chat_template_kwargs.enable_thinking=false`.

`--command` asks for one command line for this system and shell, prints it and nothing else, and
stores nothing. It is never run. Several commands are joined with `&&`. A script, a command with
control characters or invisible text, or no command is an error: the answer goes to standard error,
and the exit status is 6.

With `--json`, the document has the fields conversation (null if nothing is stored), model (the one
that answered), content, reasoning, finish_reason, usage (with prompt_tokens, completion_tokens,
total_tokens), cost (US dollars, from LiteLLM), seconds, complete, and error: null or an object with
message, type and status, the last two null unless the server sent them. It is also printed when
the request is refused.

With `--events`, each line is an object with the field event. `start` has conversation and model and
follows when the server accepts the request. `reasoning` and `text` have text, in pieces as they
arrive. `warning` has message; `retry` has message and seconds. `end` is always the last:
conversation (here and in `start` null if it is not stored), usage, cost, model, finish_reason,
complete, error as above, and exit, the exit status. Everything is ASCII.
`jq -rj 'select(.event == "text").text'` prints the text.

`--output FILE` writes the answer into FILE and still shows it. FILE gets what a pipe would get;
with `--json` or `--events`, the answer. If the request fails, an existing FILE stays as it is.

`--schema` asks for JSON and prints it only if it fits the schema: a JSON schema in a file or on the
command line, or a list of fields like `name, age int, tags [str]`, of the types str, int, float
and bool; a list with descriptions (`name: as in the passport`) has one field on each line. Servers
that refuse `response_format` get the schema in the system prompt. An answer that does not fit is
sent back once, with what is wrong. If that does not help, nothing is printed, the answer is on
standard error, and the exit status is 6.

Reasoning is never part of the answer. A `<think>` block at the start of an answer counts as
reasoning; `--raw` leaves it where it is. With `--reasoning summary` a terminal shows its last rows
and keeps one line, with `show` all of it goes to standard error, also if that is a file.

In a `while read` loop, use `--no-stdin`; otherwise the first srchat reads the rest of the input
of the loop. Processes that run at once (`xargs -P`) mix their output: give each a file of its
own.
""",
        examples=(
            ("Ask:", 'srchat ask "why is the sky blue?"'),
            ("Ask about the output of a command:",
             'git diff | srchat ask "write a commit message"'),
            ("Ask about a file and save the answer:",
             'srchat ask -f report.csv "which month was the best?" | tee answer.md'),
            ("Save only the code:",
             'srchat ask -x "a shell script that renames *.JPG to *.jpg" > rename.sh'),
            ("Read the whole prompt from standard input:", "srchat ask - < prompt.txt"),
            ("Ask one question per line of a file:",
             'while read -r q; do srchat ask --no-stdin "$q"; done < prompts.txt'),
            ("Save the answer with its usage and time:",
             'srchat ask --json "hello" > answer.json'),
            ("Set a parameter that has no option of its own:",
             'srchat ask --param seed=7 --param top_k=1 "hello"'),
            ("Get JSON that is sure to fit:",
             'srchat ask --schema "city, population int" "the largest city of Norway?"'),
            ("Show the request without sending it:", 'srchat ask --dry-run -t 0.2 "hello"'),
        ),
    ),
    "srchat widget": Prose(
        more=r"""
Add the line to the shell's startup file; nothing is changed by itself. KEYS is in the notation of
the shell: `\C-xs` in bash, `^Xs` in zsh, `\cxs` in fish. Without `--key`, no key is bound.

The typed words are sent to the configured server with `srchat ask --command`. If there is no
command in the answer, at Ctrl-C, and after any error, the words stay on the line. In zsh and fish,
undo brings them back.
""",
        examples=(
            ("The widget for fish:", r"srchat widget fish --key '\cxs'"),
        ),
    ),
    "srchat batch": Prose(
        more="""
A batch file has one request on each line, in OpenAI's format: custom_id, method, url and body. It
is checked before anything is sent. Other engines run the same file, and `srchat batch read` reads
their results.

`batch make` fills the placeholders of the prompt from each row: `{line}`, the columns of a CSV
file, the keys of a JSON object, or `{file}` and `{name}`. Without a placeholder, the row goes where
`srchat ask` puts standard input. `{{line}}` is the text {line}. Blank lines are left out; a request
is named after the number of its line.

`batch run` writes answers to OUT as they arrive, and failures to the file beside it that ends in
.errors.jsonl. The same command again continues: answered requests are left out, failed ones are
retried, those that have changed are sent again. It starts with 4 requests at once, adds one after
each round without a refusal, up to `--jobs`, and halves after a 429, a 503 or a failed connection.
Retry-After and rate-limit headers are obeyed. The exit status is 0 if all requests have answers, 6
if some failed, 7 if the rate limit ended the run, 4 if the key is refused. Nothing is stored in the
history. An answer may take ten times `--timeout`.

`batch read` prints answers in the order of IN; without `--in`, numbered requests in the order of
their numbers, others as in OUT. Failures are named on standard error, and the exit status is 6. The
file of failures beside OUT is read, too. With `--json`, each line has custom_id, content,
finish_reason, usage and error.

`batch submit` and the commands below it need a server with /v1/files and /v1/batches.
""",
        examples=(
            ("Ask one question about each number, without an API key:",
             ('seq 20 | srchat batch make "square {line}" '
              "| srchat batch run - -p demo -o out.jsonl && srchat batch read out.jsonl")),
            ("Print requests that have no answer:",
             ('seq 3 | srchat batch make "{line}" -o in.jsonl && '
              "srchat batch run in.jsonl -p demo -o all.jsonl && "
              "srchat batch read all.jsonl --in in.jsonl --failed")),
        ),
    ),
    "srchat chat": Prose(
        more="""
Alt-Enter, a backslash before Enter, or Shift-Enter (if the terminal sends it) inserts a new line.
Ctrl-G (or Ctrl-X Ctrl-E) opens the editor. Ctrl-R searches earlier prompts. Ctrl-C stops an answer
or clears the line. Ctrl-D, `exit` or `quit` leaves. Type two slashes to send a message that starts
with a slash. With `keys = "vi"`, the prompt is `:` in command mode. A prompt longer than the
screen is shown in part while you type, with its number of lines in the status line, and printed in
full when you send it. Leaving prints the command that continues the conversation.

`@PATH` in a prompt attaches the file, if there is one of that name; other words with an @ are text.
Quote a path with blanks: `@"my notes.txt"`. Another @ in front makes text of it: `@@PATH`. In
pasted text, in a PROMPT on the command line, and in prompts from a script, an @ attaches nothing.
`/file` also takes patterns: `/file src/*.py`.

An error does not end a chat: `/retry` sends the prompt again.
""",
        examples=(
            ("Chat without storing anything:", "srchat chat --no-save"),
            ("Continue the most recent conversation:", "srchat chat --continue"),
            ("Ask two related questions from a script:",
             "printf '%s\\n' 'name a colour' 'and another' | srchat chat --no-save"),
        ),
    ),
    "srchat last": Prose(
        more="""
The newest answer of all conversations, complete or not; `-n 2` is the one before it. `--json`
prints the document of `srchat ask --json`.
""",
        examples=(
            ("Save the last answer:", "srchat last > answer.md"),
            ("Save only its code:", "srchat last -x > code.txt"),
            ("Read it in a pager:", "srchat last --color always | less -R"),
        ),
    ),
    "srchat models": Prose(
        more="""
Shell completion uses these names from a cache; it sends no requests.
""",
        examples=(
            ("Show the models and their context windows:", "srchat models --json"),
            ("Ask each of them:",
             'srchat models | while read -r m; do srchat ask --no-stdin -m "$m" "hi"; done'),
        ),
    ),
    "srchat config": Prose(
        more="""
If something else takes precedence over a value that you set, a warning names it. After a change
of `base_url`, srchat prints which key is sent there.

`srchat config unset -p NAME` without a setting deletes the whole profile, after confirmation or
with `--yes`. It also unsets `profile` if that names the deleted profile. Comments above the
profile stay.
""",
        examples=(
            ("Set up, step by step:", "srchat config init"),
            ("Set the default model:", "srchat config set model qwen3-4b"),
            ("Make a profile:",
             'srchat config set -p commit system "Write a commit message for this diff."'),
            ("Delete a profile:", "srchat config unset -p work --yes"),
            ("Get the key from a password manager:",
             "srchat config set api_key_command pass srchat"),
            ("Show where each value comes from:", "srchat config show"),
        ),
    ),
    "srchat history": Prose(
        examples=(
            ("List conversations:", "srchat history list"),
            ("Search them:", "srchat history search sky"),
            ("Show the most recent one:", "srchat history show"),
            ("Delete those not used for a year:",
             "srchat history delete --older-than 1y --yes"),
        ),
    ),
}  # fmt: skip
