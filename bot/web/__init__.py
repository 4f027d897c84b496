"""The page to look at: what comes, what it will say, what went out, what needs a hand.

A page is a module of :mod:`bot.web.routes` and a template; what platforms look like is in
:mod:`bot.web.previews`; who may come in is decided in :mod:`bot.web.guard`, before any route.
"""
