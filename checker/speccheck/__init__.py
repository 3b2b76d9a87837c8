"""speccheck: TLA+ in Python. Text to syntax tree to Python functions; breadth-first model checking."""
