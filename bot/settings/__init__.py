"""TOML files and the environment → frozen, checked models."""
