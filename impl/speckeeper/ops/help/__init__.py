"""`speckeeper help`: pages as man has them, of commands and of what the server knows by name."""
