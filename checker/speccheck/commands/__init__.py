"""Commands of the command line that are too long to be in cli.py."""
