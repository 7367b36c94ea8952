"""The REPL: reads lines, runs them, reads again. The only owner of prompt_toolkit."""
