"""The page of a running service: there, gone with it, and never in the way of a posting."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from datetime import timedelta
from urllib.request import urlopen

from bot.ledger.rows import State
from tests.receiver import Receiver, wait_until
from tests.service.installation import NINE, Installation, Running, command, environment, webhook


def listen_on(installed: Installation, place: str) -> None:
    file = installed.root / "config" / "vigilia.toml"
    text = file.read_text("utf-8").replace('listen = "off"', f'listen = "{place}"')
    file.write_text(text, "utf-8")


def page_of(running: Running) -> str:
    address = str(running.wait_for("page")[0]["address"])

    def answers() -> bool:
        try:
            with urlopen(f"{address}healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    wait_until(answers, 20.0)
    return address


def test_the_page_shows_a_post_going_out_and_ends_with_the_service(
    installed: Installation, receiver: Receiver
) -> None:
    installed.write(webhook("site", receiver))
    listen_on(installed, "127.0.0.1:0")
    installed.known_since(NINE - timedelta(hours=1))
    running = installed.rehearse(NINE - timedelta(seconds=3))
    address = page_of(running)
    running.wait_for("delivered")
    with urlopen(f"{address}deliveries") as answer:
        assert "delivered" in answer.read().decode()
    stream = urlopen(f"{address}live", timeout=20)
    assert stream.readline()
    began = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - began < 10
    stream.close()


def test_a_taken_port_is_told_and_the_post_goes_out(
    installed: Installation, receiver: Receiver
) -> None:
    installed.write(webhook("site", receiver))
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen_on(installed, f"127.0.0.1:{other.getsockname()[1]}")
        installed.known_since(NINE - timedelta(hours=1))
        running = installed.rehearse(NINE - timedelta(seconds=1))
        (told,) = running.wait_for("page-off")
        assert "Postings go out all the same." in told["event"]
        running.wait_for("delivered")
        assert running.stop() == 0
    assert installed.rows()["site"].state is State.DELIVERED


def test_a_page_that_others_could_reach_is_refused_without_a_secret(
    installed: Installation, receiver: Receiver
) -> None:
    installed.write(webhook("site", receiver))
    listen_on(installed, "0.0.0.0:0")
    running = installed.rehearse(NINE)
    assert running.ended() == 1
    assert "so the page needs a secret: set VIGILIA_WEB_TOKEN" in "".join(running.lines)
    secret = "a-token-of-some-length"
    running = installed.start("--at", NINE.isoformat(), VIGILIA_WEB_TOKEN=secret)
    with urlopen(page_of(running)) as answer:
        assert "Log in" in answer.read().decode()
    assert running.stop() == 0
    assert secret not in "".join(running.lines)


def test_the_demonstration_fills_inboxes_and_leaves_nothing(installed: Installation) -> None:
    process = subprocess.Popen(
        command("demo", "--no-browser", "--speed", "3000"),
        cwd=installed.root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+/", process.stdout.readline())
        assert found is not None

        def inbox() -> str:
            try:
                with urlopen(f"{found[0]}inbox", timeout=5) as answer:
                    return str(answer.read().decode())
            except OSError:
                return ""

        posts = [f'aria-label="{name},' for name in ("halifax", "ottawa", "mexico")]
        wait_until(lambda: all(post in inbox() for post in posts), 30.0)
        page = inbox()
        assert "On 9 December" in page and "Le 9 décembre" in page and "El 9 de diciembre" in page
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stdout is not None
        process.stdout.close()
    assert list(installed.root.iterdir()) == []
