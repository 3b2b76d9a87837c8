"""The front end: TLA+ text to a syntax tree, with errors that name file, line and column."""
