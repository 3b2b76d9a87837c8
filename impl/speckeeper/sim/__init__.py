"""A deterministic world for whole ensembles: virtual clock, network, disks, faults, checkers."""
