"""Tests of bot.content."""
