"""Pydantic's findings, said as Vigilia says them: file, entry, key, what is allowed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.errors import Problem, nearest

ModelT = TypeVar("ModelT", bound=BaseModel)

_NEEDED = {
    kind: needed
    for needed, kinds in {
        "must be {expected}": "literal_error",
        "must be text in quotes": "string_type",
        "must be true or false": "bool_type bool_parsing",
        "must be a whole number": "int_type int_parsing int_from_float",
        "must be a list in square brackets": "list_type tuple_type",
        "must be a table": "dict_type model_type",
        "must be a date such as 2026-12-09, without quotes": "date_type date_parsing"
        " date_from_datetime_parsing date_from_datetime_inexact",
        "must be at least {ge}": "greater_than_equal",
        "must be at most {le}": "less_than_equal",
        "must hold at least {min_length}": "too_short",
        "must hold at most {max_length}": "too_long",
    }.items()
    for kind in kinds.split()
}
"""What is said of each type of pydantic's errors that a table of ours can meet."""

_MEANT = re.compile(r"Did you mean '([^']*)'\?")
_TOML_WORDS = {"False": "false", "True": "true"}


def validated(
    model: type[ModelT],
    table: Any,
    *,
    file: str,
    entry: str,
    problems: list[Problem],
    more_keys: Collection[str] = (),
) -> ModelT | None:
    """Return ``table`` as a ``model``, or None after adding a Problem for each thing wrong with it.
    ``more_keys`` are also allowed there, for naming the nearest one."""
    try:
        return model.model_validate(table)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False, include_context=True)
        problems.extend(_problems(model, errors, file, entry, more_keys))
        return None


def _problems(
    model: type[BaseModel],
    errors: Collection[ErrorDetails],
    file: str,
    entry: str,
    more_keys: Collection[str],
) -> Iterator[Problem]:
    """Yield one problem a place: of a value that may have several forms, all of them at once."""
    by_path: dict[str, tuple[str, list[str]]] = {}
    for error in errors:
        path, keys = _place(model, error["loc"], more_keys)
        code, sentence = _sentence(error, path.rpartition(".")[2], keys)
        _, sentences = by_path.setdefault(path, (code, []))
        if sentence not in sentences:
            sentences.append(sentence)
    for path, (code, sentences) in by_path.items():
        if code == "missing-key" and path in _mistyped(by_path):
            continue  # the key is there, with a letter wrong, and that is said
        if any(other.startswith(f"{path}.") for other in by_path) and path:
            continue  # what is wrong deeper down says more
        where = "" if code in ("unknown-key", "missing-key") or not path else f"'{path}'"
        whole = " or ".join([sentences[0], *(s.removeprefix("must be ") for s in sentences[1:])])
        if where and code == "bad-value" and not whole.startswith("must "):
            where += ":"
        text = f"{where} {whole}".strip().replace("{path}", path)
        yield Problem("error", code, file, entry, text if text.endswith((".", "?")) else f"{text}.")


def _mistyped(by_path: Mapping[str, tuple[str, list[str]]]) -> set[str]:
    """Return the paths of the keys that an unknown one was taken for."""
    return {
        ".".join([*path.split(".")[:-1], match.group(1)])
        for path, (code, sentences) in by_path.items()
        if code == "unknown-key" and (match := _MEANT.search(sentences[0]))
    }


def _sentence(error: ErrorDetails, key: str, keys: Collection[str]) -> tuple[str, str]:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        hint = nearest(key, keys) or f" Known keys: {', '.join(sorted(set(keys)))}."
        return "unknown-key", f"The key '{{path}}' is unknown.{hint}"
    if kind == "missing":
        return "missing-key", "The key '{path}' is missing."
    if kind == "value_error":
        return "bad-value", str(context.get("error", error["msg"]))
    if kind not in _NEEDED:
        return "bad-value", error["msg"][:1].lower() + error["msg"][1:]
    expected = re.sub(r"\b(True|False)\b", lambda w: _TOML_WORDS[w[0]], context.get("expected", ""))
    return "bad-value", _NEEDED[kind].format(**{**context, "expected": expected})


def _place(
    model: type[BaseModel], steps: tuple[int | str, ...], more_keys: Collection[str]
) -> tuple[str, list[str]]:
    """Return the path to a value as a person counts, and the keys that are known beside it.
    Pydantic puts the name of each form of a union into the path; that is left out."""
    path: list[str] = []
    here: type[BaseModel] | None = model
    keys = [*more_keys, *model.model_fields]
    form_follows = False
    for step in steps:
        if isinstance(step, int):
            path.append(str(step + 1))
            continue
        if form_follows:
            form_follows = False
            continue
        path.append(step)
        if here is None:
            continue
        keys = [*(more_keys if here is model else ()), *here.model_fields]
        field = here.model_fields.get(step)
        form_follows = field is not None and _has_forms(field.annotation)
        here = _model_in(field.annotation) if field is not None else None
    return ".".join(path), keys


def _has_forms(annotation: Any) -> bool:
    forms = [form for form in get_args(annotation) if form is not type(None)]
    return get_origin(annotation) in (Union, UnionType) and len(forms) > 1


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)
