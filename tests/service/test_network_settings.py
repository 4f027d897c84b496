"""``[network]`` in force: the proxy that requests go through, and one that is not an address."""

from __future__ import annotations

from contextlib import closing

import pytest

from bot.assembly import transport_for
from bot.channels.request import HttpRequest, Response
from bot.errors import ConfigError
from tests.receiver import Receiver
from tests.service.installation import Installation, webhook


def test_requests_go_through_the_proxy_of_the_configuration(installed: Installation) -> None:
    with Receiver() as proxy:
        installed.write(
            webhook("site", installed.receiver),
            network=f'proxy = "http://me:pass9word@{proxy.address}"',
            trusted=("hooks.test",),
        )
        with closing(transport_for(installed.project())) as transport:
            answer = transport.send(HttpRequest("POST", "http://hooks.test/x", {}, b"{}"))
        assert isinstance(answer, Response)
        (request,) = proxy.requests
        assert request.path == "http://hooks.test/x"
        assert request.headers["proxy-authorization"].startswith("Basic ")


@pytest.mark.parametrize("proxy", ["inside:9pass@gate:3128", "socks5://h:1", "http://h/path"])
def test_what_is_no_proxy_is_refused_without_being_repeated(
    installed: Installation, proxy: str
) -> None:
    installed.write(webhook("site", installed.receiver), network=f'proxy = "{proxy}"')
    with pytest.raises(ConfigError, match="is not an address of a proxy") as refused:
        installed.project()
    assert proxy not in str(refused.value)
