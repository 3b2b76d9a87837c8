"""The AdminServer: commands, who may use them, snapshot and restore over HTTP."""
