"""The settings: one table, the layers their values come from, and the file that holds them."""
