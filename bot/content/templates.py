"""Templates: Jinja2, sandboxed and strict, cut down to what a message needs.

A template prints variables and may use ``if``, ``for``, ``set``, comparisons, sums of whole
numbers, ``fact("id")`` and the filters ``sentence`` and ``length``. All else is refused when it is
read, so that nothing in a text can reach the machine or use it up; the sandbox stands behind that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.content.markdown import escape_markdown
from bot.errors import ConfigError, Problem, RenderError, nearest

SUFFIX = ".md.j2"
LONGEST_SOURCE = 64 * 1024
"""The most characters that a template or a text may have."""
LONGEST_TEXT = 100_000
"""The most characters that may come out of one."""
_DEEPEST_LOOP = 2


class Markdown(str):
    """Text that is Markdown already, and so is not escaped when it is put into a template."""

    __slots__ = ()


def sentence(text: object) -> str:
    """Return the text with its first letter a capital, unless a digit comes before any letter."""
    words = text if isinstance(text, str) else str(text)
    first = next((at for at, letter in enumerate(words) if letter.isalnum()), 0)
    return type(words)(words[:first] + words[first : first + 1].upper() + words[first + 1 :])


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

    def problem(self, code: str, said: str, entry: str) -> Problem:
        """Return a problem with the place where it stands; ``entry`` is whose message it is."""
        return _problem(code, self.file, self.entry or entry, self.where, said)

    def render(self, variables: Mapping[str, object], entry: str = "") -> Markdown:
        """Return the Markdown, without white space around it. Raises TextError.

        ``entry`` is whose message it is, for a template that serves many.
        """
        if isinstance(self.template, str):
            return Markdown(self.template.strip())
        written: list[str] = []
        length = 0
        try:
            for piece in self.template.generate(variables):
                written.append(piece)
                length += len(piece)
                if length > LONGEST_TEXT:
                    said = f"It comes to more than {LONGEST_TEXT} characters."
                    raise TextError(self.problem("too-long", said, entry))
        except jinja2.UndefinedError as error:
            said = f"A name is not defined: {error}."
            raise TextError(self.problem("undefined", said, entry)) from error
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
            said = f"It cannot be written: {error}."
            raise TextError(self.problem("template", said, entry)) from error
        return Markdown("".join(written).strip())


class Templates:
    """The templates of one language, by name ("day.md.j2"); each is compiled once."""

    def __init__(self, files: Mapping[str, tuple[str, str]]) -> None:
        """Take ``{name: (file, source)}``, as :func:`load_templates` gives them."""
        self._files = files
        self._environment = _Environment()
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
            self._compiled[key] = self._environment.compiled(file, entry, where, source)
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
                said = f"The template cannot be read as UTF-8 text: {error}."
                problems.append(Problem("error", "file-unreadable", file, "", said))
    if problems:
        raise ConfigError(problems)
    return Templates(files)


def _problem(code: str, file: str, entry: str, where: str, said: str) -> Problem:
    return Problem("error", code, file, entry, f"{where}: {said}" if where else said)


def undeclared(template: nodes.Template) -> frozenset[str]:
    """Return the variables that a template takes, those of branches not taken included."""
    return frozenset(meta.find_undeclared_variables(template))


def _printed(value: Any) -> str:
    """Return what ``{{ … }}`` writes: Markdown as it is, words and whole numbers escaped."""
    if isinstance(value, jinja2.Undefined):
        str(value)  # raises UndefinedError, which names it, but for an `if` within {{ }}
        raise TypeError("an `if` within {{ }} needs an `else`")
    if isinstance(value, Markdown):
        return value
    if isinstance(value, str):
        return escape_markdown(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise TypeError(f"only words and whole numbers can be printed, not a {type(value).__name__}")


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja2 with nothing but what is named in this module's first lines."""

    intercepted_binops = frozenset({"+", "-", "//", "%"})

    def __init__(self) -> None:
        super().__init__(undefined=jinja2.StrictUndefined, autoescape=False, finalize=_printed)
        self.globals.clear()
        self.filters.clear()
        self.filters.update(sentence=sentence, length=len)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate with whole numbers only: "%" and "+" of words can fill the memory."""
        if not (isinstance(left, int) and isinstance(right, int)):
            raise SecurityError(f"'{operator}' is for whole numbers")
        return super().call_binop(context, operator, left, right)

    def compiled(self, file: str, entry: str, where: str, source: str) -> Compiled:
        """Return the source, compiled and looked through. Raises TextError."""

        def fault(code: str, said: str) -> TextError:
            return TextError(_problem(code, file, entry, where, said))

        if len(source) > LONGEST_SOURCE:
            raise fault("too-long", f"A text has at most {LONGEST_SOURCE} characters.")
        if not any(opening in source for opening in _OPENINGS):
            # most texts: compiling them took half a second of each start, and 2 MB to keep
            words = source.replace("\r\n", "\n").replace("\r", "\n")
            return Compiled(words, file, entry, where, frozenset(), frozenset(), frozenset())
        try:
            tree = self.parse(source)
            # Looked through before it is compiled, which already works out constants.
            said = next(_refusals(tree), "")
            if said:
                raise fault("not-allowed", said)
            template = self.from_string(tree)
        except jinja2.TemplateSyntaxError as error:
            said = f"Line {error.lineno} is not written as Jinja: {error.message}"
            if "No filter named" in said:
                said += " There are 'sentence' and 'length'."
            raise fault("template-syntax", said) from error
        except (RecursionError, SyntaxError) as error:
            raise fault("template-syntax", "It is nested too deep.") from error
        return Compiled(
            template=template,
            file=file,
            entry=entry,
            where=where,
            undeclared=undeclared(tree),
            guarded=frozenset(_guarded(tree)),
            facts=frozenset(_fact_ids(tree)),
        )


_OPENINGS = ("{{", "{%", "{#")
"""What begins something of Jinja's: a text without is what it says."""

_ALLOWED: Collection[type[nodes.Node]] = frozenset(
    {
        nodes.Template,
        nodes.Output,
        nodes.TemplateData,
        nodes.Name,
        nodes.Const,
        nodes.List,
        nodes.Tuple,
        nodes.If,
        nodes.For,
        nodes.Assign,
        nodes.Filter,
        nodes.Call,
        nodes.Test,
        nodes.Getattr,
        nodes.CondExpr,
        nodes.Compare,
        nodes.Operand,
        nodes.Not,
        nodes.And,
        nodes.Or,
        nodes.Add,
        nodes.Sub,
        nodes.FloorDiv,
        nodes.Mod,
        nodes.Neg,
    }
)


def _refusals(node: nodes.Node, loops: int = 0) -> Iterator[str]:
    """Yield a sentence for each thing in the tree that may not stand in a message."""
    where = f"Line {node.lineno}"
    match node:
        case nodes.Call() if not _is_fact(node):
            yield f'{where}: nothing can be called but fact("id"), with an id in quotes.'
        case nodes.Getattr(attr=attr) if attr.startswith("_"):
            yield f"{where}: '{attr}' cannot be asked for."
        case nodes.For() if loops == _DEEPEST_LOOP:
            yield f"{where}: a loop may hold one other loop, no more."
        case _ if type(node) not in _ALLOWED:
            kind = type(node).__name__
            yield (
                f"{where}: '{kind}' cannot stand in a message. A text prints variables and may use "
                'if, for, set and fact("id").'
            )
    inside = loops + isinstance(node, nodes.For)
    for child in node.iter_child_nodes():
        yield from _refusals(child, inside)


def _is_fact(call: nodes.Call) -> bool:
    match call:
        case nodes.Call(
            node=nodes.Name(name="fact"),
            args=[nodes.Const(value=str())],
            kwargs=[],
            dyn_args=None,
            dyn_kwargs=None,
        ):
            return True
    return False


def _fact_ids(tree: nodes.Template) -> Iterator[str]:
    for constant in (each for call in tree.find_all(nodes.Call) for each in call.args):
        yield constant.as_const()


def _guarded(tree: nodes.Template) -> Iterator[str]:
    for test in tree.find_all(nodes.Test):
        if test.name == "defined" and isinstance(test.node, nodes.Name):
            yield test.node.name


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
