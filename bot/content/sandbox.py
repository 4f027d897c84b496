"""The sandbox of templates: Jinja2, strict, cut down to what a message needs.

A template prints variables and may use ``if``, ``for``, ``set``, comparisons, sums of whole
numbers, ``fact("id")`` and the filters ``sentence`` and ``length``. All else is refused when it is
read, so that nothing in a text can reach the machine or use it up; the sandbox stands behind that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.content.markdown import escape_markdown

_DEEPEST_LOOP = 2


class Markdown(str):
    """Text that is Markdown already, and so is not escaped when it is put into a template."""

    __slots__ = ()


def sentence(text: object) -> str:
    """Return the text with its first letter a capital, unless a digit comes before any letter."""
    words = text if isinstance(text, str) else str(text)
    first = next((at for at, letter in enumerate(words) if letter.isalnum()), 0)
    return type(words)(words[:first] + words[first : first + 1].upper() + words[first + 1 :])


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


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 with nothing but what is named in this module's first lines."""

    intercepted_binops = frozenset({"+", "-", "//", "%"})

    def __init__(self) -> None:
        super().__init__(undefined=jinja2.StrictUndefined, autoescape=False, finalize=_printed)
        self.globals.clear()
        self.filters.clear()
        self.filters.update(sentence=sentence, length=len)

    def call_binop(self, context: Context, operator: str, first: Any, second: Any) -> Any:
        """Calculate with whole numbers only: "%" and "+" of words can fill the memory."""
        if not (isinstance(first, int) and isinstance(second, int)):
            raise SecurityError(f"'{operator}' is for whole numbers")
        return super().call_binop(context, operator, first, second)


_TEXTS = {"Template", "Output", "TemplateData", "Name", "Const", "List", "Tuple", "Getattr"}
_STATEMENTS = {"If", "For", "Assign", "Filter", "Call", "Test", "CondExpr"}
_OPERATORS = {"Compare", "Operand", "Not", "And", "Or", "Add", "Sub", "FloorDiv", "Mod", "Neg"}
_ALLOWED = _TEXTS | _STATEMENTS | _OPERATORS
"""The nodes of Jinja's syntax that may stand in a message."""


def refusals(node: nodes.Node, loops: int = 0) -> Iterator[str]:
    """Yield a sentence for each thing in the tree that may not stand in a message."""
    where = f"Line {node.lineno}"
    match node:
        case nodes.Call() if not _is_fact(node):
            yield f'{where}: nothing can be called but fact("id"), with an id in quotes.'
        case nodes.Getattr(attr=attr) if attr.startswith("_"):
            yield f"{where}: '{attr}' cannot be asked for."
        case nodes.For() if loops == _DEEPEST_LOOP:
            yield f"{where}: a loop may hold one other loop, no more."
        case _ if (kind := type(node).__name__) not in _ALLOWED:
            yield (
                f"{where}: '{kind}' cannot stand in a message. A text prints variables and may use "
                'if, for, set and fact("id").'
            )
    inside = loops + isinstance(node, nodes.For)
    for child in node.iter_child_nodes():
        yield from refusals(child, inside)


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


def fact_ids(tree: nodes.Template) -> frozenset[str]:
    """Return the ids of the facts that a template names."""
    return frozenset(arg.as_const() for call in tree.find_all(nodes.Call) for arg in call.args)


def guarded_names(tree: nodes.Template) -> frozenset[str]:
    """Return the names that a template asks about with ``is defined``."""
    tests = (test for test in tree.find_all(nodes.Test) if test.name == "defined")
    return frozenset(test.node.name for test in tests if isinstance(test.node, nodes.Name))
