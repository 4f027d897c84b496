"""The rules of typography: Canadian French, Spanish opening marks, and the apostrophes of all.

Canadian French has a no-break space before a colon and inside guillemets, and none before a
semicolon or a question mark (Office québécois de la langue française, "Espacement avant et après
les signes de ponctuation").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.checking.faults import Fault, faults, quoted

_NO_BREAK = "\u00a0\u202f"
_SPACES = " \u00a0\u202f\u2009"

_APOSTROPHE = re.compile(r"(?<=\w)['`´ʼ](?=\w)|(?<=s)'(?=\s)|(?<=\s)'(?=\d0s)|\"[^\"\n]*\"?")
# A colon that ends a word, so that neither 12:30 nor an address is one.
_FR_COLON = re.compile(rf"(?<![{_NO_BREAK}]):(?=[\s{_SPACES}«“]|$)")
_FR_OPENING = re.compile(rf"«(?![{_NO_BREAK}])")
_FR_CLOSING = re.compile(rf"(?<![{_NO_BREAK}])»")
_FR_SPACED = re.compile(rf"[{_SPACES}]+[;?]")
_ES_MARKS = {"?": "¿", "!": "¡"}


def typography_faults(text: str, locale: str) -> Iterator[Fault]:
    """Yield the faults of one text that a reader sees, without marks and addresses."""
    for match in _APOSTROPHE.finditer(text):
        mark = match[0][0]
        right = "the language’s own quotation marks" if mark == '"' else "the apostrophe ’"
        sentence = f"{quoted(text, *match.span())}: {right} instead of {mark}"
        yield Fault("typography-apostrophe", sentence)
    match locale.split("_"):
        case ["fr", "CA"]:
            yield from _french(text)
        case ["es", *_]:
            yield from _spanish(text)


def _french(text: str) -> Iterator[Fault]:
    colons, spaced = _FR_COLON.finditer(text), _FR_SPACED.finditer(text)
    guillemets = (*_FR_OPENING.finditer(text), *_FR_CLOSING.finditer(text))
    sentence = "a no-break space (U+00A0) before the colon."
    yield from faults("typography-fr-colon", text, colons, sentence)
    sentence = "a no-break space (U+00A0) inside the guillemets."
    yield from faults("typography-fr-guillemets", text, guillemets, sentence)
    for match in spaced:
        sentence = f"no space before {match[0][-1]} in Canadian French."
        yield from faults("typography-fr-semicolon", text, [match], sentence)


def _spanish(text: str) -> Iterator[Fault]:
    for paragraph in text.split("\n"):
        for closing, opening in _ES_MARKS.items():
            open_marks = 0
            for match in re.finditer(f"[{re.escape(closing + opening)}]", paragraph):
                if match[0] == opening:
                    open_marks += 1
                elif open_marks:
                    open_marks -= 1
                else:
                    where = quoted(paragraph, *match.span())
                    sentence = f"{where}: {opening} where the sentence begins."
                    yield Fault("typography-es-opening", sentence)
