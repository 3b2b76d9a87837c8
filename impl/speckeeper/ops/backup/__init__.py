"""Backups: taken from a running server, verified, put back, and made for any point of the log."""
