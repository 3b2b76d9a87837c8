"""Model-based testing: a Hypothesis state machine made from a specification.

:func:`speccheck.mbt.machine.machine_from_spec` reads the next-state relation of a module and drives
any system through an adapter (:mod:`speccheck.mbt.adapter`).
"""
