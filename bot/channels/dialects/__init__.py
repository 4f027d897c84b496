"""One small writer a dialect: the Markdown tree in the words of a platform."""
