"""The deterministic world: virtual clock, network, disk. Empty until the ensemble exists."""
