"""Conformance within pytest: what tests make a system do is recorded, and judged at their end."""
