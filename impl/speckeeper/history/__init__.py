"""Client histories: what a client asked and was answered, as lines of JSON that a checker judges.

``recorder`` makes events of the bytes on a connection, ``files`` keeps them; ``speckeeper tap`` and
:func:`speckeeper.history.kazoo_clients.record` feed it. The format: traces/schema-history.json.
"""
