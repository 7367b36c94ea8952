"""`srchat --help` on 80 columns, by `python -m tools.generate`."""

HELP = """\
Usage: srchat [OPTIONS] COMMAND [ARGS]...

  Chat with a language model from the terminal.

  Talks to any OpenAI-compatible server. Without a key: srchat ask --profile
  demo "hello"

Options:
  --version   Print the version.
  -h, --help  Show this message and exit.

Commands:
  ask         Ask one question and print the answer.
  chat        Talk with a model, prompt by prompt.
  last        Print the most recent answer again, without a request.
  models      List the models that the server offers.
  completion  Print the completion script for a shell.
  widget      Print a widget that turns typed words into a command.
  help        Show the help of a command.
  batch       Run many prompts from one file.
  config      Show and change settings.
  history     Show, search and manage stored conversations.
"""
