"""`speckeeper doctor`: what can be wrong with a server and its machine, and what to do."""
