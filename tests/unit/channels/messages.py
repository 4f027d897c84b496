"""Messages to test with: a real one, and whatever hypothesis can think of."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from hypothesis import strategies as st

from bot.channels.platform import Envelope
from bot.content.message import ActionText, Link, Message, Part

AT = datetime(2026, 12, 9, 14, 0, 0, tzinfo=UTC)
ENVELOPE = Envelope(
    key="genocide-prevention-day/2026-12-09/0/ottawa/en+fr", request_id="vg_5f2c9a", at=AT
)

ENGLISH = Part(
    language="en",
    title="International Day of Commemoration and Dignity of the Victims of the Crime of Genocide "
    "and of the Prevention of this Crime",
    body="On **9 December 2026** the United Nations observes this day for the *twelfth* time.\n\n"
    "The [Convention](https://undocs.org/en/A/RES/260(III)) was adopted on 9 December 1948:\n\n"
    "1. it names the crime;\n2. it obliges States to prevent it.\n\n"
    "Canada and Mexico are both parties to it.",
    actions=(
        ActionText(
            "write-to-your-representative",
            "Write one page to your representative.",
            (
                Link("Find a member", "https://www.ourcommons.ca/members/en"),
                Link("Directorio", "https://www.diputados.gob.mx/"),
            ),
        ),
        ActionText(
            "mark-the-day-locally",
            "Ask your city to mark the day.",
            (Link("The day", "https://www.un.org/en/observances/genocide-prevention-day"),),
        ),
    ),
    sources=(
        Link("A/RES/69/323", "https://undocs.org/en/A/RES/69/323"),
        Link("Status of the Convention", "https://treaties.un.org/Pages/ViewDetails.aspx?a=1&b=2"),
    ),
    actions_label="Two things you can do",
    sources_label="Sources",
    footer="Observances calendar",
)
FRENCH = Part(
    language="fr",
    title="Journée internationale de prévention du génocide",
    body="Le **9 décembre 2026**, l’ONU souligne cette journée pour la douzième fois.\n\n"
    "Le Canada et le Mexique sont parties à la Convention.",
    actions=(
        ActionText(
            "mark-the-day-locally",
            "Inviter votre ville à souligner la journée.",
            (Link("La journée", "https://www.un.org/fr/observances/genocide-prevention-day"),),
        ),
    ),
    sources=(Link("A/RES/69/323", "https://undocs.org/fr/A/RES/69/323"),),
    actions_label="À faire",
    sources_label="Sources",
    footer="Calendrier des journées",
)
REAL = Message("day", ("genocide-prevention-day",), date(2026, 12, 9), (ENGLISH, FRENCH))

_NASTY = re.split(
    " ",
    "* _ ~ ` \\ < > & @everyone @here <!channel> <@U123> <@&42> @**all** [x](y) [ ] ( ) | {{ }} "
    ":fire: https://evil.example/a_b # - + 1. -# > \n \r \t \x00 \x1b[31m \u202e \u2066 \u200f "
    "\U0001f56f\ufe0f שלום é ** __ ~~ || ``` &gt; &amp; <t:1:R> !important $x$ *a* _b_",
)

foreign = st.lists(
    st.one_of(st.sampled_from([*_NASTY, " ", "word"]), st.text(max_size=8)), max_size=12
).map("".join)
"""Text that anybody may have written."""

urls = st.builds(
    "https://{}.example/{}".format,
    st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    st.text("abc_*()|~<>\"' %é&=?/", max_size=12),
)
links = st.builds(Link, foreign, urls)
parts = st.builds(
    Part,
    language=st.sampled_from(["en", "fr", "es"]),
    title=foreign.map(lambda title: f"Title {title}"),
    body=st.lists(foreign, min_size=1, max_size=4).map("\n\n".join),
    actions=st.lists(
        st.builds(ActionText, st.just("act"), foreign, st.lists(links, max_size=2).map(tuple)),
        max_size=2,
    ).map(tuple),
    sources=st.lists(links, max_size=5).map(tuple),
    actions_label=foreign,
    sources_label=foreign,
    footer=foreign,
)
messages = st.builds(
    Message,
    kind=st.sampled_from(["day", "remembrance", "anniversary", "month", "notice", "digest"]),
    observances=st.just(("a-day",)),
    date=st.just(date(2026, 12, 9)),
    parts=st.lists(parts, min_size=1, max_size=3).map(tuple),
)
