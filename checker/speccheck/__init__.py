"""speccheck: TLA+ in Python. So far the front end: text to syntax tree."""
