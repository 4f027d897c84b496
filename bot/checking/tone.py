"""The rules of tone: words that a day of mourning does not bear, and words that a late post belies.

Each takes the words that a reader sees, without marks and addresses, and a language of the CLDR
("fr", "fr_CA"). A language without a list of its own has the rules that need no words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bot.checking.faults import Fault, faults

_EXCLAMATION = re.compile("[!¡！‼⁉❗❕]+")

_EMOJI = re.compile(
    # Pictures, the signs that are shown as pictures, and what turns a sign into one.
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u231a\u231b\u2328"
    "\u23cf\u23e9-\u23f3\u23f8-\u23fa\u20e3\ufe0f\u3030\u303d\u3297\u3299]+"
    # ":candle:", which Slack, Discord and others turn into a picture.
    r"|(?<![\w:]):[a-z][a-z0-9_+-]*:(?![\w:])"
)

_TONE: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:celebrat\w*|happ(?:y|ier|iest|ily|iness)|proud(?:ly| to| of| that)"
        r"|(?:with|take|takes|taking|took|our) pride|joy(?:ful|fully|ous)|rejoic\w+|delighted"
        r"|congratulat\w+|festiv(?:e|ity|ities)|never again)\b",
        re.IGNORECASE,
    ),
    "fr": re.compile(
        # "célèbre" alone is also "famous": it is the verb after its subject or before its object.
        r"\b(?:célébr(?!ité)\w*|célèbrent"
        r"|(?:on|il|elle|qui|se|nous|ne|tu|je) célèbres?|l[’']on célèbre"
        r"|célèbre(?= (?:le|la|les|un|une|des|ce|cet|cette|ces|notre|nos|votre|son|sa|ses|leur)\b"
        r"| l[’'])"
        # "la fête nationale" is a name; the verb, and the wish, are not.
        r"|fêt(?:er|ons|ez|ent|ant|é|ée|és|ées|ait|aient|era|eront)"
        r"|(?:on|qui|nous|se) fêtes?|(?:bonnes?|belles?|joyeuses?) fêtes?"
        r"|heureu(?:x|se|ses)|joyeu(?:x|se|ses)|(?:fiers?|fières?)(?= (?:de|que)\b| d[’']| qu[’'])"
        r"|fièrement|fierté|réjoui\w*|ravie?s? (?:de|d[’'])|félicit\w*|festi(?:f|ve|vités)"
        r"|plus jamais ça)(?!\w)",
        re.IGNORECASE,
    ),
    "es": re.compile(
        r"\b(?:celebr(?!idad)\w*|feliz|felices|felizmente|felicidad(?:es)?|felicit\w*"
        r"|orgull(?:o|os|osa|oso|osas|osos|osamente)|festej\w*|alegrarnos|alegrémonos"
        r"|nos (?:alegra|complace|enorgullece)\w*|nunca más)\b",
        re.IGNORECASE,
    ),
}
_INSTEAD: Mapping[str, str] = {
    "en": "“remember”, “mark” or “observe”",
    "fr": "« souligner » ou « commémorer »",
    "es": "«recordar» o «conmemorar»",
}

_RELATIVE: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:today|tonight|tomorrow|yesterday"
        r"|(?:this|last|next) (?:morning|afternoon|evening|night|week|weekend))\b",
        re.IGNORECASE,
    ),
    "fr": re.compile(
        r"\b(?:aujourd[’'ʼ]hui|hier|demain"
        r"|(?:ce|cet|cette) (?:matin|midi|après-midi|soir|semaine)"
        r"|(?:la semaine|la nuit) (?:dernière|prochaine))\b",
        re.IGNORECASE,
    ),
    "es": re.compile(
        r"\b(?:hoy|ayer|anoche|anteayer|antier|pasado mañana|est[ae] (?:mañana|tarde|noche|semana)"
        r"|la semana (?:pasada|próxima)|la próxima semana"
        # "la mañana del 9", "cada mañana", "por la mañana": the morning, not tomorrow.
        r"|(?<!\bla )(?<!\buna )(?<!\bcada )(?<!\besta )(?<!\btoda )(?<!\bmedia )mañana)\b",
        re.IGNORECASE,
    ),
}

# Spanish "celebrar" is also "to hold" a meeting and "to conclude" a treaty: what stands nearer
# to it decides.
_CELEBRAR = re.compile(r"celebr", re.IGNORECASE)
_EVENTS = re.compile(
    r"(?:conferencias?|sesi[oó]n(?:es)?|elecci[oó]n(?:es)?|reuni[oó]n(?:es)?|foros?|cumbres?"
    r"|audiencias?|debates?|juicios?|encuentros?|consultas?|congresos?|seminarios?|asambleas?"
    r"|votaci[oó]n(?:es)?|acuerdos?|tratados?|convenios?|contratos?|diálogos?|taller(?:es)?|actos?"
    r"|ceremonias?|vistas?|rondas?|comicios|referendos?|plebiscitos?|procesos?)",
    re.IGNORECASE,
)
_DAYS = re.compile(
    r"(?:día|días|aniversarios?|jornadas?|fechas?|fiestas?|efemérides?|centenario|cumpleaños|vidas?"
    r"|víctimas?|victorias?|logros?)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_SENTENCE_END = re.compile(r"[.;:?!\n]")
_REACH = 10


def tone_faults(text: str, locale: str) -> Iterator[Fault]:
    """Yield the words of joy and pride, the marks of exclamation, the pictures, and the words that
    are true on one day only."""
    language = locale.partition("_")[0]
    exclamations, pictures = _EXCLAMATION.finditer(text), _EMOJI.finditer(text)
    instead = "no exclamation mark in a message; a full stop."
    yield from faults("exclamation", text, exclamations, instead)
    yield from faults("emoji", text, pictures, "no emoji in a message; take it out.")
    if language in _TONE:
        joy = _TONE[language].finditer(text)
        matches = [m for m in joy if language != "es" or not _is_held(text, m)]
        instead = f"“%s” does not suit a day of remembrance; {_INSTEAD[language]}, or other words."
        yield from faults("tone-word", text, matches, instead)
    if language in _RELATIVE:
        instead = (
            "“%s” is untrue in a message that arrives late; {{ date }} or {{ day }} gives the date."
        )
        yield from faults("relative-day", text, _RELATIVE[language].finditer(text), instead)


def _is_held(text: str, match: re.Match[str]) -> bool:
    """Whether this "celebrar" means to hold or to conclude something, such as a conference."""
    if not _CELEBRAR.match(match[0]):
        return False
    before = _SENTENCE_END.split(text[: match.start()])[-1]
    after = _SENTENCE_END.split(text[match.end() :])[0]
    sides = (list(_WORD.findall(before))[::-1], _WORD.findall(after))
    event = min(_nearest(side, _EVENTS) for side in sides)
    return event < min(_nearest(side, _DAYS) for side in sides)


def _nearest(words: list[str], pattern: re.Pattern[str]) -> float:
    for distance, word in enumerate(words[:_REACH]):
        followed_by = words[distance + 1] if distance + 1 < len(words) else ""
        if pattern.fullmatch(word) and not followed_by.isdigit():  # "el día 26" is but a date
            return distance
    return float("inf")
