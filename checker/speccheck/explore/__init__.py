"""Model checking: configurations, models, breadth-first search."""
