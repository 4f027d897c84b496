"""The rule of links: https, and well formed."""

from __future__ import annotations

import pytest

from bot.checking.links import address_faults, addresses, lost_links
from bot.content.markdown import parse


@pytest.mark.parametrize(
    "url",
    [
        "https://undocs.org/en/A/RES/69/323",
        "https://undocs.org/en/A/RES/96(I)",
        "https://treaties.un.org/Pages/ViewDetails.aspx?src=TREATY&mtdsg_no=IV-1&clang=_en",
        "https://bac-lac.wayback.archive-it.org/web/2006/http:/w01.international.gc.ca/a.asp?L=E",
        "https://www.exämple.org:8443/a#b",
    ],
)
def test_good_addresses_are_left_alone(url: str) -> None:
    assert list(address_faults(url)) == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://un.org/a page", "' ' cannot stand"),
        ("https://un.org/a\u00a0page", "cannot stand"),
        ("https://un.org/<id>", "'<' cannot stand"),
        ("https://un.org/a.", "punctuation"),
        ("https://un.org/a…", "punctuation"),
        ("https://un.org/a(I", "brackets"),
        ("https://", "no server"),
        ("https://localhost/a", "'localhost' is no server"),
        ("https://un..org/a", "server"),
        ("https://-un.org/a", "no server"),
        ("https://un.org:port/a", "server or port"),
        ("https://un.org:99999/a", "server or port"),
        ("https://name:word@un.org/a", "name or password"),
        ("https:/un.org/a", "no server"),
    ],
)
def test_an_address_that_is_not_well_formed_is_caught_with_its_reason(url: str, why: str) -> None:
    (found,) = address_faults(url)
    assert found.code == "bad-link"
    assert why in found.sentence


def test_http_without_s_is_caught() -> None:
    (found,) = address_faults("http://www.globalr2p.org/resources/362")
    assert found.code == "http-link"


def test_links_are_found_wherever_they_stand_in_a_text() -> None:
    text = (
        "A [one](https://a.org/1), **[two](https://a.org/2)**\n\n- *[three](https://a.org/3)* and "
        "`https://a.org/no`\n\n> 1. [four](https://a.org/4)  \n> line"
    )
    assert list(addresses(parse(text))) == [f"https://a.org/{n}" for n in (1, 2, 3, 4)]


@pytest.mark.parametrize("target", ["www.un.org", "mailto:a@un.org", "un.org/page", ""])
def test_a_link_that_leads_nowhere_is_caught(target: str) -> None:
    (found,) = lost_links(f"See [the page]({target}) of the UN.")
    assert found.code == "bad-link"
    assert list(lost_links("See [the page](https://un.org) or [1] (I).")) == []
