"""The meaning of TLA+: values, the standard modules, and expressions compiled to Python."""
