"""Output to a terminal or a pipe. Text from outside is sanitized here."""
