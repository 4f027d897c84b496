"""Watching over the service itself: its configuration, its operator, its sign of life."""
