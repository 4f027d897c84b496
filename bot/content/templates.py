"""Templates and texts: compiled once, rendered, what they would fail of, and the variables that
they may print. What a template may hold is said in :mod:`bot.content.sandbox`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from jinja2 import meta

from bot.calendar.observances import Occurrence
from bot.content.languages import Language
from bot.content.sandbox import Markdown, Sandbox, fact_ids, guarded_names, refusals
from bot.errors import ConfigError, Problem, RenderError, nearest

SUFFIX = ".md.j2"
LONGEST_SOURCE = 64 * 1024
"""The most characters that a template or a text may have."""
LONGEST_TEXT = 100_000
"""The most characters that may come out of one."""


class TextError(RenderError):
    """A template or a text that cannot be used, with the problem as ``check`` tells it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


@dataclass(frozen=True)
class Compiled:
    """A template, or one text of an entry, ready to be rendered: as it stands where it takes
    nothing.

    ``file``, ``entry`` and ``where`` say where it stands (``where`` within the entry: "opening.fr";
    a template has neither). ``undeclared`` are the variables it takes, in branches not taken too;
    ``guarded`` those that it asks about with ``is defined``; ``facts`` the ids it names.
    """

    template: jinja2.Template | str
    file: str
    entry: str
    where: str
    undeclared: frozenset[str]
    guarded: frozenset[str]
    facts: frozenset[str]

    def problem(self, code: str, detail: str, entry: str) -> Problem:
        """Return a problem with the place where it stands; ``entry`` is whose message it is."""
        return _problem(code, self.file, self.entry or entry, self.where, detail)

    def render(self, variables: Mapping[str, object], entry: str = "") -> Markdown:
        """Return the Markdown, without white space around it. Raises TextError.

        ``entry`` is whose message it is, for a template that serves many.
        """
        if isinstance(self.template, str):
            return Markdown(self.template.strip())
        pieces: list[str] = []
        length = 0
        try:
            for piece in self.template.generate(variables):
                pieces.append(piece)
                length += len(piece)
                if length > LONGEST_TEXT:
                    detail = f"It comes to more than {LONGEST_TEXT} characters."
                    raise TextError(self.problem("too-long", detail, entry))
        except jinja2.UndefinedError as error:
            detail = f"A name is not defined: {error}."
            raise TextError(self.problem("undefined", detail, entry)) from error
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
            detail = f"It cannot be written: {error}."
            raise TextError(self.problem("template", detail, entry)) from error
        return Markdown("".join(pieces).strip())


class Templates:
    """The templates of one language, by name ("day.md.j2"); each is compiled once."""

    def __init__(self, files: Mapping[str, tuple[str, str]]) -> None:
        """Take ``{name: (file, source)}``, as :func:`load_templates` gives them."""
        self._files = files
        self._environment = Sandbox()
        self._compiled: dict[tuple[str, str, str], Compiled] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def named(self, name: str) -> Compiled:
        """Return the template of that name, which must be there. Raises TextError."""
        file, source = self._files[name]
        return self._once(file, "", "", source)

    def text(self, source: str, file: str, entry: str, where: str) -> Compiled:
        """Return a text of an entry, compiled. Raises TextError."""
        return self._once(file, entry, where, source)

    def _once(self, file: str, entry: str, where: str, source: str) -> Compiled:
        key = (file, entry, where)
        if key not in self._compiled:
            self._compiled[key] = _compile(self._environment, file, entry, where, source)
        return self._compiled[key]


def load_templates(roots: Sequence[Path], language: str) -> Templates:
    """Read the templates of a language, a later root's (the group's own) replacing by name.

    Raises ConfigError where a file cannot be read.
    """
    files: dict[str, tuple[str, str]] = {}
    problems = []
    for root in roots:
        for path in sorted((root / language).glob(f"*{SUFFIX}")):
            file = f"{root.name}/{language}/{path.name}"
            try:
                files[path.name] = (file, path.read_text("utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                detail = f"The template cannot be read as UTF-8 text: {error}."
                problems.append(Problem("error", "file-unreadable", file, "", detail))
    if problems:
        raise ConfigError(problems)
    return Templates(files)


def _problem(code: str, file: str, entry: str, where: str, detail: str) -> Problem:
    return Problem("error", code, file, entry, f"{where}: {detail}" if where else detail)


_OPENINGS = ("{{", "{%", "{#")
"""What begins something of Jinja's: a text without is what it says."""


def _compile(environment: Sandbox, file: str, entry: str, where: str, source: str) -> Compiled:
    """Return the source, compiled and looked through. Raises TextError."""

    def fault(code: str, detail: str) -> TextError:
        return TextError(_problem(code, file, entry, where, detail))

    if len(source) > LONGEST_SOURCE:
        raise fault("too-long", f"A text has at most {LONGEST_SOURCE} characters.")
    if not any(opening in source for opening in _OPENINGS):
        # most texts: compiling them took half a second of each start, and 2 MB to keep
        words = source.replace("\r\n", "\n").replace("\r", "\n")
        return Compiled(words, file, entry, where, frozenset(), frozenset(), frozenset())
    try:
        tree = environment.parse(source)
        # Looked through before it is compiled, which already works out constants.
        detail = next(refusals(tree), "")
        if detail:
            raise fault("not-allowed", detail)
        template = environment.from_string(tree)
    except jinja2.TemplateSyntaxError as error:
        detail = f"Line {error.lineno} is not written as Jinja: {error.message}"
        if "No filter named" in detail:
            detail += " There are 'sentence' and 'length'."
        raise fault("template-syntax", detail) from error
    except (RecursionError, SyntaxError) as error:
        raise fault("template-syntax", "It is nested too deep.") from error
    return Compiled(
        template=template,
        file=file,
        entry=entry,
        where=where,
        undeclared=frozenset(meta.find_undeclared_variables(tree)),
        guarded=guarded_names(tree),
        facts=fact_ids(tree),
    )


def undefined_names(
    compiled: Compiled, defined: Collection[str], vocabulary: Mapping[str, str]
) -> Iterator[str]:
    """Yield a sentence for each name that the text takes and that is not there.

    ``vocabulary`` maps every name there can be to when it is there. One that is asked about with
    ``is defined`` may be absent.
    """
    for name in sorted(compiled.undeclared - set(defined)):
        if name not in vocabulary:
            near = nearest(name, vocabulary) or f" There are: {', '.join(sorted(vocabulary))}."
            yield f"'{name}' is not defined.{near}"
        elif name not in compiled.guarded:
            yield f"'{name}' is not defined here: {vocabulary[name]}."


PROSE: Mapping[str, str] = {
    "date": "it is not in the digest",
    "day": "it is not in the digest",
    "year": "it is not in the digest",
    "name": "it is not in the digest",
    "fact": "it is not in the digest",
    "ordinal": "it needs `count`, with `since` for observances or `event` for years",
    "ordinal_f": "it needs `count`, with `since` for observances or `event` for years",
    "anniversary": "it needs `event` and `count`",
    "anniversary_f": "it needs `event` and `count`",
    "years": "it needs `event`",
}
"""What the texts of an entry may print, and why it may not be there."""

VOCABULARY: Mapping[str, str] = {
    **PROSE,
    "opening": "it stands in templates only, and not in the digest",
    "story": "it stands in templates only, where the day has a story",
    "together": "it stands in templates only, where the day has it; ask with `is defined`",
    "lead_days": "it is in notice.md.j2 only",
    "items": "it is in digest.md.j2 only",
    "month": "it is in digest.md.j2 only",
}
"""All that a template may print."""


def variables(
    occurrence: Occurrence, language: Language, name: str, fact: Callable[[str], str]
) -> dict[str, object]:
    """Return the variables of an occurrence's texts; those that do not apply are left out.

    A number under 1 is left out too: there is no 0th anniversary.
    """
    on = occurrence.date
    values: dict[str, object] = {
        "date": language.date(on),
        "day": language.day(on),
        "year": on.year,
        "name": name,
        "fact": fact,
    }
    for key, number in (("ordinal", occurrence.ordinal), ("anniversary", occurrence.anniversary)):
        if number is not None and number >= 1:
            values[key] = language.ordinal(number)
            values[f"{key}_f"] = language.ordinal(number, feminine=True)
    if occurrence.years is not None:
        values["years"] = occurrence.years
    return values
