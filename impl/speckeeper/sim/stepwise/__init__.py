"""The core of an ensemble, one step at a time: whoever drives it says what happens next.

Real cores, a network and disks that do nothing by themselves. Nothing of the specification is
written here but its names: what a step may change is for the text of spec/*.tla to say.
"""
