"""The replicated state machine: nodes, ACLs, quotas, watches, prepare and apply. Pure.

A write passes three steps. ``prepare`` judges a request against a ``TreeView`` and makes it a
transaction; ``TreeView.stage`` lays that over the tree, so that the next request is judged as if
it were applied already; once it is durable ``apply`` changes the ``DataTree``, and
``TreeView.settle`` drops what was staged. ``reads`` answer from the applied tree.

- State: ``datatree``, ``node``, ``ephemeral`` (kinds), ``acl_cache``, ``paths``, ``digest``.
- Prepare: ``prepare``, ``view``, ``change_record``, ``policy`` (settings), ``acl``, ``schemes``,
  ``quota`` (limits).
- Apply: ``apply``, ``applied`` (what comes out), ``quota`` (accounts).
- Watches: ``watches`` (the tables), ``watch_requests`` (addWatch, setWatches ...).
"""
