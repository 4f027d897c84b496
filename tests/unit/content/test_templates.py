"""Templates: strict, sandboxed, and bounded."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.markdown import parse, plain
from bot.content.sandbox import Markdown, sentence
from bot.content.templates import (
    LONGEST_SOURCE,
    Compiled,
    Templates,
    TextError,
    load_templates,
    undefined_names,
)
from bot.errors import ConfigError


def compiled(source: str) -> Compiled:
    return Templates({}).text(source, "config/x.toml", "my-day", "opening.en")


def rendered(source: str, **variables: object) -> str:
    return compiled(source).render(variables)


def test_plain_values_are_escaped_and_markdown_is_not_escaped_again() -> None:
    assert rendered("**{{ a }}** {{ b }}", a="1*2", b=Markdown("*x*")) == "**1\\*2** *x*"
    assert rendered("{{ year }} {{ 'a_b' }}", year=2026) == "2026 a\\_b"


@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_value_reads_as_it_is_wherever_it_is_put(value: str) -> None:
    seen = plain(parse(rendered("Day {{ value }}!", value=value)))
    assert " ".join(seen.split()) == " ".join(f"Day {value}!".split())


@pytest.mark.parametrize(
    ("text", "capital"),
    [
        ("on 9 December", "On 9 December"),
        ("«\u00a0état", "«\u00a0État"),
        ("112 States", "112 States"),
        ("¿qué", "¿Qué"),
        ("", ""),
        (12, "12"),
    ],
)
def test_a_sentence_begins_with_a_capital(text: object, capital: str) -> None:
    assert sentence(text) == capital


def test_a_sentence_of_markdown_is_still_markdown() -> None:
    assert rendered("{{ text|sentence }}", text=Markdown("*the* day")) == "*The* day"
    assert rendered("{{ text|sentence }}", text="*the* day") == "\\*The\\* day"


def test_what_a_template_may_use_works() -> None:
    source = (
        "{% set n = items|length %}{% for item in items %}{{ item }}"
        "{% if loop.last %}.{% elif n - 1 > 1 and item != 'b' %}, {% else %} and {% endif %}"
        "{% endfor %} {{ 'odd' if n % 2 == 1 else 'even' }} {{ 7 // 2 + 1 }}"
        "{% if x is not defined %} no x{% endif %}{# a note #}"
    )
    assert rendered(source, items=["a", "b", "c"]) == "a, b and c. odd 4 no x"


@pytest.mark.parametrize(
    "source",
    [
        "",
        "Never again.",
        "*a* \\* {b} } }} %} #}",
        "  a\r\nb\rc\n\nd\x0b\x85\u2028e\n\n",
        "{ {",
        "{",
    ],
)
def test_a_text_that_takes_nothing_is_what_jinja_would_make_of_it(source: str) -> None:
    found = compiled(source)
    assert found.render({}) == jinja2.Environment().from_string(source).render().strip()
    assert isinstance(found.render({}), Markdown)
    assert not found.undeclared | found.guarded | found.facts


def test_undeclared_names_are_found_in_branches_not_taken() -> None:
    text = compiled(
        "{% if a %}{{ b }}{% else %}{{ fact('x') }}{% endif %}{% set c = 1 %}{{ c }}"
        "{% if d is defined %}{{ d }}{% endif %}"
    )
    assert text.undeclared == {"a", "b", "d", "fact"}
    assert text.guarded == {"d"}
    assert text.facts == {"x"}
    vocabulary = {"a": "", "brave": "", "d": "", "fact": ""}
    assert list(undefined_names(text, {"a", "fact"}, vocabulary)) == [
        "'b' is not defined. There are: a, brave, d, fact."
    ]
    assert list(undefined_names(text, {"fact"}, {"a": "it needs `x`", "d": "", "b": ""})) == [
        "'a' is not defined here: it needs `x`.",
        "'b' is not defined here: .",
    ]


def test_an_undefined_name_is_refused_when_it_is_printed_asked_or_looped() -> None:
    for source in (
        "{{ a }}",
        "{% if a %}x{% endif %}",
        "{% for x in a %}{% endfor %}",
        "{{ a.b }}",
    ):
        with pytest.raises(TextError, match=r"config/x.toml, my-day: opening.en: .*'a'"):
            rendered(source)
    with pytest.raises(TextError, match="needs an `else`"):
        rendered("{{ 'x' if 1 > 2 }}")


ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ a.__init__.__globals__ }}",
    "{{ a|attr('__class__') }}",
    "{{ a['__class__'] }}",
    "{{ self.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ fact.__globals__ }}",
    "{{ '{0.__class__}'.format(a) }}",
    "{{ '%s' % a }}",
    "{{ a.format_map({}) }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ cycler.__init__ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ fact('x').__class__ }}",
    "{{ fact(a) }}",
    "{{ fact('x', 'y') }}",
    "{{ fact(id='x') }}",
    "{{ fact(*['x']) }}",
    "{{ fact(**a) }}",
    "{{ fact() }}",
    "{{ loop(a) }}",
    "{% for x in a recursive %}{{ loop(a) }}{% endfor %}",
    "{% import 'day.md.j2' as x %}",
    "{% include '/etc/passwd' %}",
    "{% extends 'day.md.j2' %}",
    "{% block x %}{% endblock %}",
    "{% macro m() %}{{ caller.__class__ }}{% endmacro %}",
    "{% call a() %}{% endcall %}",
    "{% filter sentence %}x{% endfilter %}",
    "{% set x.y = 1 %}",
    "{% set x %}{{ a }}{{ a }}{% endset %}",
    "{% autoescape true %}x{% endautoescape %}",
]
BOMBS = [
    "{% for i in range(10**9) %}x{% endfor %}",
    "{{ 'a' * 10**9 }}",
    "{{ 9**9**9 }}",
    "{{ '%1000000000s' % 1 }}",
    "{{ 'a'|center(1000000000) }}",
    "{{ 'a'.ljust(1000000000) }}",
    "{{ a ~ a }}",
    "{{ 'a' + 'b' }}",
    "{{ a + a }}",
    "{{ [1] + [2] }}",
    "{{ {'a': 1} }}",
    "{{ [a, a] }}",
    "{% for x in a %}" * 3 + "{% endfor %}" * 3,
    "{{ a }}" * (LONGEST_SOURCE // 7 + 1),
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "not " * 5000 + "a }}",
    "{% for x in a %}{% for y in a %}{{ a }}{% endfor %}{% endfor %}",
]


@pytest.mark.parametrize("source", [*ESCAPES, *BOMBS], ids=lambda source: source[:40])
def test_what_could_reach_or_fill_the_machine_is_refused(source: str) -> None:
    with pytest.raises(TextError):
        rendered(source, a="a" * 500, fact=str)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x\n{{ a", "Line 2 is not written as Jinja"),
        ("{{ a|upper }}", "There are 'sentence' and 'length'"),
        ("{% macro m() %}{% endmacro %}", "Line 1: 'Macro' cannot stand in a message"),
        ("\n{{ range(3) }}", r'Line 2: nothing can be called but fact\("id"\)'),
        ("{{ a.__class__ }}", "'__class__' cannot be asked for"),
        ("{{ true }}", "only words and whole numbers can be printed, not a bool"),
        ("{{ a + 1 }}", "'\\+' is for whole numbers"),
        ("{{ 1 // 0 }}", "cannot be written: .*zero"),
        ("{{ a|length + a }}", "whole numbers"),
        ("{% if a > 1 %}{% endif %}", "cannot be written"),
    ],
)
def test_a_refusal_says_where_and_what(source: str, said: str) -> None:
    with pytest.raises(TextError, match=said) as raised:
        rendered(source, a="x")
    problem = raised.value.problem
    assert (problem.file, problem.entry) == ("config/x.toml", "my-day")
    assert problem.message.startswith("opening.en: ")


def test_the_groups_templates_win_by_name_and_each_is_compiled_once(tmp_path: Path) -> None:
    shipped, own = tmp_path / "shipped", tmp_path / "templates"
    for root, names in ((shipped, ("day", "month")), (own, ("day",))):
        (root / "en").mkdir(parents=True)
        for name in names:
            (root / "en" / f"{name}.md.j2").write_text(f"{root.name} {name}", "utf-8")
    templates = load_templates([shipped, own], "en")
    assert "notice.md.j2" not in templates
    assert templates.named("day.md.j2").render({}) == "templates day"
    assert templates.named("month.md.j2").render({}) == "shipped month"
    assert templates.named("day.md.j2").file == "templates/en/day.md.j2"
    assert templates.named("day.md.j2") is templates.named("day.md.j2")


def test_a_template_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "day.md.j2").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"en/day.md.j2: The template cannot be read as UTF-8"):
        load_templates([tmp_path], "en")
