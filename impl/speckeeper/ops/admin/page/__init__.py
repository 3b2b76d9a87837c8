"""The page on the admin port: the ensemble, the tree, the state of a followed trace."""
