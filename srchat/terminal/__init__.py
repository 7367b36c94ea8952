"""Text to a terminal or a pipe; text from outside passes the sanitizer here."""
