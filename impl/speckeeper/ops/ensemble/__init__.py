"""`speckeeper ensemble`: a whole ensemble on this machine, one process a server."""
