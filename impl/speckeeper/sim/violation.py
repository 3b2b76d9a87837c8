"""What a run ends with when a property does not hold."""


class Violation(Exception):
    """A property does not hold; the text says which, and where."""
