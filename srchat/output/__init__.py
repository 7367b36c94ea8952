"""The screen: text from outside to a terminal or a pipe."""
