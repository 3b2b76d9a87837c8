"""speccheck: TLA+ in Python. Empty until the checker lands."""
