"""Markdown: the tree that is read, the words that are seen, and text that is put into it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.content.markdown import (
    Block,
    BulletList,
    Code,
    Emphasis,
    Inline,
    LineBreak,
    LinkNode,
    OrderedList,
    Paragraph,
    Quote,
    Strong,
    Text,
    escape_markdown,
    parse,
    plain,
    quoted,
    words,
)


def paragraph(*inlines: Inline) -> Paragraph:
    return Paragraph(inlines)


@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        ("one\ntwo", [paragraph(Text("one two"))]),
        ("one\n\ntwo", [paragraph(Text("one")), paragraph(Text("two"))]),
        ("one  \ntwo", [paragraph(Text("one"), LineBreak(), Text("two"))]),
        ("**a** *b* `c`", [
            paragraph(
                Strong((Text("a"),)), Text(" "), Emphasis((Text("b"),)), Text(" "), Code("c")
            )
        ]),
        ("[the *text*](https://x.org/a?b=c&d=e)", [
            paragraph(
                LinkNode("https://x.org/a?b=c&d=e", (Text("the "), Emphasis((Text("text"),))))
            )
        ]),
        ("<https://x.org>", [paragraph(LinkNode("https://x.org", (Text("https://x.org"),)))]),
        ("[a](HTTP://x.org)", [paragraph(LinkNode("HTTP://x.org", (Text("a"),)))]),
        ("see [a](javascript:alert) end", [paragraph(Text("see a end"))]),
        ("[a](mailto:x@y.z) [b](/c) <x@y.z>", [paragraph(Text("a b x@y.z"))]),
        ("[](https://x.org)", []),
        ("# The **head** of *it*", [
            paragraph(Strong((Text("The head of "), Emphasis((Text("it"),)))))
        ]),
        ("#", []),
        ("![a *map* of [it](https://x.org)](https://x.org/y.png) here", [
            paragraph(Text("a map of it here"))
        ]),
        ("![](https://x.org/y.png)", []),
        ("<b>bold</b>", [paragraph(Text("<b>bold</b>"))]),
        ("<div>\n*x*\n</div>", [
            paragraph(Text("<div> "), Emphasis((Text("x"),)), Text(" </div>"))
        ]),
        ("***both** one*", [paragraph(Emphasis((Strong((Text("both"),)), Text(" one"))))]),
        ("**a **b** c**", [paragraph(Strong((Text("a b c"),)))]),
        ("- a\n- b", [BulletList(((paragraph(Text("a")),), (paragraph(Text("b")),)))]),
        ("3. a\n4. b", [OrderedList(((paragraph(Text("a")),), (paragraph(Text("b")),)), 3)]),
        ("- a\n  - b\n\nc", [
            BulletList(((paragraph(Text("a")), BulletList(((paragraph(Text("b")),),))),)),
            paragraph(Text("c")),
        ]),
        ("-", [BulletList(((),))]),
        ("> a\n\nb", [Quote((paragraph(Text("a")),)), paragraph(Text("b"))]),
        ("```py\nx = 1\ny\n```", [paragraph(Code("x = 1\ny"))]),
        ("    x", [paragraph(Code("x"))]),
        ("```\n```", []),
        ("a\n\n---\n\nb", [paragraph(Text("a")), paragraph(Text("b"))]),
        ("Caf&eacute; &amp; 1\\*2", [paragraph(Text("Café & 1*2"))]),
        ("", []),
    ],
)  # fmt: skip
def test_markdown_becomes_the_small_tree(markdown: str, blocks: list[Block]) -> None:
    assert list(parse(markdown)) == blocks


def test_plain_has_the_words_without_marks_and_addresses() -> None:
    markdown = "**A** [b](https://x.org)  \nc\n\n- d\n- `e`\n\n1. f\n\n> g\n>\n> h"
    assert plain(parse(markdown)) == "A b\nc\n\nd\ne\n\nf\n\ng\n\nh"


@pytest.mark.parametrize(
    ("markdown", "count"),
    [
        ("", 0),
        ("On *9 December* 1948, **the** [General Assembly](https://un.org/a/b).", 7),
        ("- one\n- two — three", 3),
        ("«\u00a0jamais\u00a0»\u00a0: 1\u00a0000 morts", 3),
        ("l’Assemblée générale", 2),
    ],
)
def test_words_are_counted_as_a_reader_sees_them(markdown: str, count: int) -> None:
    assert words(markdown) == count


def test_deep_nesting_is_read_without_recursion() -> None:
    [block] = parse("*" * 4000 + "a" + "*" * 4000)
    assert plain([block]) == "a"
    assert len(parse("> " * 3000 + "a")) == 1


def folded(text: str) -> str:
    # Markdown has no NUL: it becomes U+FFFD (https://spec.commonmark.org/0.31.2/#insecure-characters).
    return " ".join(text.replace("\0", "\ufffd").split())


MARKUP = st.text(st.sampled_from(list("ab1. \t\n\r\u2028\u00a0#-+*_`~>=<!&;:()[]{}|\\\"'/@0")))
PIECES = st.lists(
    st.sampled_from(
        ["- ", "+ ", "* ", "1. ", "12) ", "# ", "> ", "```", "~~~", "---", "===", "<b>", "<!--",
         "&amp;", "&#35;", "&", "<https://x.org>", "https://x.org", "[a](b)", "![a](b)", "[a]: b",
         "\\", "    ", "\t", "\n", "\u2028", "\x85", "\x1c", "!", "a", "12", ".", ")", "_a_", "**",
         "|", "<a@b.c>", "\0"]
    )
).map("".join)  # fmt: skip


@given(st.one_of(st.text(), MARKUP, PIECES))
@example("12.º")
@example("- a\n- b")
@example("   1. a")
@example("A\u00a0: <b>&nbsp;</b>")
def test_escaped_text_reads_as_the_same_text(text: str) -> None:
    assert folded(plain(parse(escape_markdown(text)))) == folded(text)


@given(st.one_of(MARKUP, PIECES))
def test_escaped_text_is_the_same_words_within_any_markup(text: str) -> None:
    inside = escape_markdown(text)
    seen = plain(parse(f"x {inside}[link](https://x.org) y"))
    assert folded(seen) == folded(f"x {text}link y")
    [block] = parse(f"x {inside} y") if folded(text) else [paragraph()]
    assert isinstance(block, Paragraph)
    assert all(isinstance(inline, Text) for inline in block.children)


@given(st.one_of(MARKUP, PIECES))
def test_escaped_text_stays_within_its_list_item(text: str) -> None:
    [block] = parse(f"- x: {escape_markdown(text)}\n- second")
    assert isinstance(block, BulletList)
    assert len(block.items) == 2


@pytest.mark.parametrize(
    "text",
    ["12.º", "9 December 2026", "A/RES/69/323", "Canada & Mexico", "(a) b", "1\u00a0234", "a - b"],
)
def test_ordinary_words_are_left_as_they_are(text: str) -> None:
    assert escape_markdown(text) == text


def test_quoted_quotes_each_block_by_itself() -> None:
    text = "One  \nline.\n\n- a\n\n  b\n- c\n\n**Two** [x][y]\n\n[y]: https://example.org/"
    assert quoted(text).split("\n\n") == [
        "> One  \n> line.",
        "> - a\n>\n>   b\n> - c",
        "> **Two** [x][y]\n>\n> [y]: https://example.org/",
    ]
    blocks = parse(quoted(text))
    assert [block.blocks[0] for block in blocks if isinstance(block, Quote)] == list(parse(text))
    assert quoted("") == ""
