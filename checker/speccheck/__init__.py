"""speccheck: TLA+ in Python. Syntax trees, evaluation as Python functions, model checking."""
