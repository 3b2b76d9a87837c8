"""The error of a configuration that cannot be served."""


class ConfigError(Exception):
    """Where (a file and perhaps a line, or an option), what is wrong, and what to do about it.

    Its text is one line: `zoo.cfg:3: tickTime: 'abc' is not a whole number; give ...`.
    """

    def __init__(self, file: str, line: int | None, text: str, remedy: str) -> None:
        place = f"{file}:{line}" if line else file
        super().__init__(f"{place}: {text}; {remedy}")
        self.file, self.line, self.text, self.remedy = file, line, text, remedy
