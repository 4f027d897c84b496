"""The page's own words in the reader's language: gettext catalogues, read from their .po files.

They are read as text at the first use, so that nothing is compiled and a reviewer sees what is
said. A text is marked with ``_`` where it is used, or with ``N_`` where it is only named.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = {"en": "English", "fr": "Français", "es": "Español"}
"""The languages of the page, each by its own name. English is the source."""

LOCALES = Path(__file__).parent / "locale"
DOMAIN = "web"

_spoken: ContextVar[str] = ContextVar("language of the page", default="en")


@lru_cache
def catalogue(language: str) -> dict[str, str | tuple[str, ...]]:
    """Return the translations of a language; empty for English."""
    file = LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not file.is_file():
        return {}
    with file.open("rb") as stream:
        messages = read_po(stream, locale=language, domain=DOMAIN)
    texts: dict[str, str | tuple[str, ...]] = {}
    for message in messages:
        if not message.id or not message.string:
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        texts[key] = message.string if isinstance(message.string, str) else tuple(message.string)
    return texts


def speak(language: str) -> None:
    """Make ``_`` speak a language for the rest of this request."""
    _spoken.set(language if language in LANGUAGES else "en")


def spoken() -> str:
    """Return the language that is spoken."""
    return _spoken.get()


def _(text: str) -> str:
    """Return a text in the reader's language."""
    forms = catalogue(_spoken.get()).get(text, text)
    return forms if isinstance(forms, str) else forms[0]


def N_(text: str) -> str:  # noqa: N802 - gettext's name
    """Mark a text that is translated where it is shown."""
    return text


def ngettext(singular: str, many: str, number: int) -> str:
    """Return the form of a text for a number, in the reader's language."""
    language = _spoken.get()
    translation = catalogue(language).get(singular, (singular, many))
    forms = (translation, translation) if isinstance(translation, str) else translation
    # French counts 0 with 1; English and Spanish do not. Spanish's third form is for millions.
    single = number in (0, 1) if language == "fr" else number == 1
    return forms[0] if single else forms[-1]


def chosen(accept: str, preference: str | None = None) -> str:
    """Return the language for a browser: the one asked for, or the best of ``Accept-Language``."""
    if preference in LANGUAGES:
        return str(preference)
    best, weight = "en", 0.0
    for item in accept.split(",")[:20]:
        name, _sep, quality = item.strip().partition(";q=")
        try:
            worth = float(quality) if quality else 1.0
        except ValueError:
            continue
        code = name.partition("-")[0].lower()
        if code in LANGUAGES and worth > weight:
            best, weight = code, worth
    return best
