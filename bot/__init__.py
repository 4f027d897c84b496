"""Vigilia: posts a sourced message to chat channels on each observance date, once."""

__version__ = "0.1.0"
