"""The replicated state machine: nodes, ACLs, quotas, watches, prepare and apply. Pure."""
