"""What only several machines need: who runs SQLite never opens it."""
