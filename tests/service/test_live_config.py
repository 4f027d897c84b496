"""A configuration that changes while the service runs: taken up, or refused and the old kept."""

from __future__ import annotations

import io
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from bot.assembly import assembled
from bot.channels.outcome import Reason, Retry
from bot.channels.request import HttpRequest, Response
from bot.clock import RehearsalClock
from bot.ledger.rows import State
from bot.logs import configure_logs
from bot.oversight.live import Hangups, LiveProject, fingerprint, hangups
from tests.receiver import Answer, Certificates, Receiver, wait_until
from tests.service.installation import DAY, NINE, TOKEN, Installation, seconds, table, webhook

NEW_TOKEN = "Nw9Kd3Qz7LmXo2Vb6TyRs4Hg"


@contextmanager
def watching(installed: Installation) -> Iterator[LiveProject]:
    """A live project that looks ten times a second while the block runs."""
    live = LiveProject(installed.project(), RehearsalClock(NINE))
    ended = threading.Event()
    thread = threading.Thread(target=live.watch, args=(ended, 0.05))
    thread.start()
    try:
        yield live
    finally:
        ended.set()
        thread.join(20)


@pytest.fixture
def site(installed: Installation) -> Installation:
    installed.write(webhook("site", installed.receiver))
    return installed


class TestWhatIsTakenUp:
    def test_a_changed_file_is_read_by_itself(self, site: Installation) -> None:
        with watching(site) as live:
            before = live()
            site.write(webhook("site", site.receiver), webhook("second", site.receiver))
            wait_until(lambda: set(live().channels) == {"site", "second"}, timeout=20)
            assert live.broken is None
            assert set(before.channels) == {"site"}

    @pytest.mark.parametrize(
        "file",
        [
            ".env",
            "config/facts.toml",
            "config/actions.toml",
            "config/observances/own.toml",
            "templates/en/day.md.j2",
        ],
    )
    def test_each_kind_of_file_is_looked_at(self, site: Installation, file: str) -> None:
        before = fingerprint(site.project())
        path = site.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", "utf-8")
        added = fingerprint(site.project())
        assert added != before
        path.write_text("# more", "utf-8")
        assert fingerprint(site.project()) != added
        path.unlink()
        assert fingerprint(site.project()) == before

    def test_another_ca_file_under_the_same_name_is_noticed_and_used(
        self, site: Installation, certificates: Certificates
    ) -> None:
        file = site.root / "config" / "our-ca.pem"
        file.write_bytes(Certificates().authority_pem)
        with Receiver(tls=certificates.good) as server, ExitStack() as stack:
            site.write(
                webhook("site", site.receiver),
                network='ca_file = "config/our-ca.pem"',
                trusted=[server.address],
            )
            project = site.project()
            before = fingerprint(project)
            request = HttpRequest("GET", server.url("/"), headers={}, body=b"", secrets=())
            parts = stack.enter_context(assembled(project, RehearsalClock(NINE), "sqlite://"))
            refusal = parts.transport.send(request)
            assert isinstance(refusal, Retry) and refusal.reason is Reason.TLS
            file.write_bytes(certificates.authority_pem)
            assert fingerprint(project) != before
            parts.use(project, RehearsalClock(NINE))
            assert isinstance(parts.transport.send(request), Response)

    def test_a_hang_up_has_it_read_though_nothing_changed(self, site: Installation) -> None:
        changed = threading.Event()
        asked = Hangups()
        live = LiveProject(site.project(), RehearsalClock(NINE), hangups=asked)
        live.changed = changed.set
        ended = threading.Event()
        thread = threading.Thread(target=live.watch, args=(ended, 20.0))
        thread.start()
        before = live()
        asked.ask()
        asked.ask()
        assert changed.wait(20)
        assert live() is not before
        ended.set()
        asked.ask()
        thread.join(20)
        assert not thread.is_alive()

    def test_the_signal_asks(self) -> None:
        with hangups() as asked:
            signal.raise_signal(signal.SIGHUP)
            assert asked.wait(20)
            assert not asked.wait(0)

    def test_the_mask_of_the_log_learns_a_new_secret(self, site: Installation) -> None:
        out = io.StringIO()
        configure_logs(out)
        with watching(site) as live:
            site.write(
                table(
                    "site",
                    {
                        "platform": "webhook",
                        "url": site.receiver.url(f"/site/{NEW_TOKEN}"),
                        "secret": "whsec_" + "bmV3IHNlY3JldCBvZiB0aGUgdGVzdHMgZm9yIG9uZQ==",
                        "include": [DAY],
                    },
                )
            )
            wait_until(lambda: "reloaded" in out.getvalue(), timeout=20)
            from bot.logs import log

            log("test", f"{live().channel('site').name} posts to {NEW_TOKEN}")
        assert "posts to" in out.getvalue()
        assert NEW_TOKEN not in out.getvalue()


class TestWhatIsBroken:
    def test_keeps_the_old_and_says_why_once(self, site: Installation) -> None:
        out = io.StringIO()
        configure_logs(out)
        with watching(site) as live:
            before = live()
            (site.root / "config" / "channels.toml").write_text("[channels.site\n", "utf-8")
            wait_until(lambda: live.broken is not None, timeout=20)
            assert live() is before
            assert not live.reload()
            assert out.getvalue().count("config-broken") == 1
            site.write(webhook("site", site.receiver))
            wait_until(lambda: live.broken is None, timeout=20)
            assert live() is not before

    def test_what_the_network_cannot_use_is_refused_too(self, site: Installation) -> None:
        from bot.errors import VigiliaError

        live = LiveProject(site.project(), RehearsalClock(NINE), accept=refusing)
        before = live()
        assert not live.reload()
        assert live.broken is not None
        assert live.broken.problems == (str(VigiliaError("no such certificates")),)
        assert live() is before

    def test_a_defect_in_reading_is_no_reason_to_end(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        live = LiveProject(site.project(), RehearsalClock(NINE))

        def broken(*_: object, **__: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("bot.oversight.live.load_project", broken)
        assert not live.reload()
        assert live.broken is not None
        assert "ZeroDivisionError" in live.broken.problems[0]


def refusing(_: object) -> None:
    from bot.errors import VigiliaError

    raise VigiliaError("no such certificates")


class TestAWholeService:
    def test_takes_up_a_channel_keeps_the_old_and_leaves_what_is_under_way(
        self, site: Installation
    ) -> None:
        site.receiver.answer(f"/site/{TOKEN}", Answer(delay=4.0))
        site.known_since(NINE - seconds(60))
        service = site.rehearse(NINE)
        site.receiver.wait_for(1, timeout=20)

        # while the answer is outstanding: a file of certificates is named, and the channel is gone
        other = webhook("other", site.receiver, post_at="09:01")
        site.write(other, network='ca_file = "none.pem"')
        service.signal(signal.SIGHUP)
        broken = service.wait_for("config-broken")
        assert "none.pem" in broken[0]["event"]
        said = site.tell("health", "--json")
        assert said.code == 0, said
        assert '"alive": true' in said.out
        assert "none.pem" in said.out

        site.write(other, network='proxy = "http://127.0.0.1:9"')
        service.wait_for("reloaded")
        wait_until(lambda: site.rows()["site"].state is State.DELIVERED, timeout=20)
        assert site.rows()["site"].attempts == 1
        assert '"config": []' in site.tell("health", "--json").out
        assert service.stop() == 0
        assert len(site.receiver.requests) == 1

    def test_a_file_that_is_no_toml_does_not_make_it_unhealthy(self, site: Installation) -> None:
        site.write(
            webhook("site", site.receiver), settings='[ledger]\nurl = "sqlite:///var/own.db"'
        )
        service = site.rehearse(NINE - seconds(3600))
        service.wait_for("started")
        for number, file in enumerate(("config/vigilia.toml", ".env"), start=1):
            path = site.root / file
            before = path.read_text("utf-8") if path.exists() else None
            path.write_text(f"{before or ''}\n'neither = \n", "utf-8")
            service.signal(signal.SIGHUP)
            service.wait_for("config-broken", number)
            said = site.tell("health")
            assert said.code == 0, said
            assert "cannot be used" in said.out
            path.unlink() if before is None else path.write_text(before, "utf-8")
            service.signal(signal.SIGHUP)
            service.wait_for("reloaded", number)
        assert service.stop() == 0


def test_the_folder_of_a_group_is_found_again(site: Installation) -> None:
    live = LiveProject(site.project(), RehearsalClock(NINE))
    assert live().places.own == Path(site.root / "config").resolve()
    assert live.reload()
    assert live().places == site.project().places
