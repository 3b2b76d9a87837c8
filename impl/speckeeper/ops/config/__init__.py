"""zoo.cfg and system properties: syntax, the one table of keys, what settings come of them."""
