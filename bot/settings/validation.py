"""Pydantic's findings, said as Vigilia says them: file, entry, key, what is allowed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.errors import Problem, nearest

ModelT = TypeVar("ModelT", bound=BaseModel)

_ALLOWED = {
    "literal_error": "must be one of {expected}",
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "list_type": "must be a list in square brackets",
    "tuple_type": "must be a list in square brackets",
    "dict_type": "must be a table",
    "date_type": "must be a date such as 2026-12-09, without quotes",
    "date_parsing": "must be a date such as 2026-12-09, without quotes",
    "date_from_datetime_parsing": "must be a date such as 2026-12-09, without quotes",
}


def validated(
    model: type[ModelT],
    table: Any,
    *,
    file: str,
    entry: str,
    problems: list[Problem],
    known: Collection[str] = (),
) -> ModelT | None:
    """Gives ``table`` as a ``model``, or None after adding a Problem for each thing wrong with it.

    ``known`` holds keys that are also allowed there, for naming the nearest one.
    """
    try:
        return model.model_validate(table)
    except ValidationError as error:
        keys = [*known, *(field.alias or name for name, field in model.model_fields.items())]
        problems.extend(
            _problem(found, file, entry, keys)
            for found in error.errors(include_url=False, include_input=False, include_context=True)
        )
        return None


def _problem(found: ErrorDetails, file: str, entry: str, keys: Collection[str]) -> Problem:
    path = ".".join(str(step) for step in found["loc"])
    kind = found["type"]
    if kind == "extra_forbidden":
        last = str(found["loc"][-1])
        hint = nearest(last, keys) if len(found["loc"]) == 1 else ""
        allowed = "" if hint else f" Known keys: {', '.join(sorted(set(keys)))}."
        if len(found["loc"]) > 1:
            allowed = ""
        return Problem(
            "error", "unknown-key", file, entry, f"The key '{path}' is unknown.{hint}{allowed}"
        )
    if kind == "missing":
        return Problem("error", "missing-key", file, entry, f"The key '{path}' is missing.")
    context = found.get("ctx", {})
    if kind in _ALLOWED:
        said = _ALLOWED[kind].format(expected=context.get("expected", ""))
    elif kind == "value_error":
        said = str(context.get("error", found["msg"]))
        return Problem(
            "error", "bad-value", file, entry, f"'{path}': {said}." if path else f"{said}."
        )
    else:
        said = found["msg"][:1].lower() + found["msg"][1:]
    return Problem("error", "bad-value", file, entry, f"'{path}' {said}.")
