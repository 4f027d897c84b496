"""Canaries in every address and token of every platform: all that can fail is made to fail, and
then whatever was written anywhere is searched for them."""

from __future__ import annotations

import base64
import json
import signal
import threading
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from bot.channels.registry import PLATFORMS
from bot.ledger.rows import State
from tests.receiver import Answer, Received, Receiver, wait_until
from tests.service.installation import DAY, NINE, Installation, Said, seconds, table

LOCAL = ("console", "inbox")


def canary(platform: str, key: str) -> str:
    """Gives a secret that stands nowhere else."""
    return f"canary9{platform.replace('_', '')}0{key.replace('_', '')}7zq"


def keys_of(platform: str, origin: str) -> dict[str, object]:
    """Gives the keys of a channel on a host, a canary in each that is secret."""
    host, _, port = origin.partition("://")[2].partition(":")
    word = canary(platform, "url")
    match platform:
        case "apprise":
            scheme = "json"
            return {"url": f"{scheme}://user:{word}@{host}:{port}/{word}/"}
        case "email":
            return {
                "host": host,
                "port": int(port),
                "security": "none",
                "user": "bot",
                "password": canary(platform, "password"),
                "sender": "bot@example.org",
                "to": ["team@example.org"],
            }
        case "mastodon":
            return {"url": origin, "access_token": canary(platform, "access_token")}
        case "matrix":
            return {
                "url": origin,
                "access_token": canary(platform, "access_token"),
                "room": "!room:example.org",
            }
        case "ntfy":
            return {
                "url": origin,
                "topic": canary(platform, "topic"),
                "token": canary(platform, "token"),
            }
        case "telegram":
            return {
                "server": origin,
                "token": f"123456789:{canary(platform, 'token').ljust(35, 'x')}",
                "chat_id": "-1001234567890",
            }
        case "mattermost":
            return {"url": f"{origin}/hooks/{word.ljust(26, 'x')}"}
        case "rocketchat":
            return {"url": f"{origin}/hooks/{'5f' * 12}/{word}"}
        case "webhook":
            secrets = {
                key: "whsec_" + base64.b64encode(canary(platform, key).encode()).decode()
                for key in ("secret", "secret_previous")
            }
            return {"url": f"{origin}/hook/{word}", **secrets}
        case "zulip":
            return {
                "url": origin,
                "email": "bot@example.org",
                "api_key": canary(platform, "api_key"),
                "stream": "team",
            }
        case _:
            return {"url": f"{origin}/hook/{word}?token={canary(platform, 'query')}"}


def secret_keys(platform: str) -> set[str]:
    model = PLATFORMS[platform].options_model
    return {
        name
        for name, field in model.model_fields.items()
        if SecretStr in (field.annotation, *_inner(field.annotation))
    }


def _inner(annotation: Any) -> Iterator[Any]:
    for one in get_args(annotation):
        yield one
        yield from _inner(one)


def sought(secrets: Mapping[str, str]) -> set[bytes]:
    """Gives what must be found nowhere: each secret, and the forms in which libraries write it."""
    found: set[str] = set()
    for secret in secrets.values():
        words = {secret, *(w for w in secret.replace("?", "/").split("/") if "canary9" in w)}
        for word in words:
            found |= {word, quote(word, safe="")}
            # wherever in what is encoded the word begins, these letters are among it
            for before in ("", "x", "xx"):
                encoded = base64.b64encode(f"{before}{word}".encode()).decode()
                found.add(encoded[4:-4])
    found |= {"canary9"}
    return {word.encode() for word in found}


class Echo(Receiver):
    """A receiver that refuses in many ways, and repeats what it was sent each time: its address,
    its token, and in JSON, in a text, or in a header."""

    def __init__(self) -> None:
        super().__init__()
        self._sent = threading.local()
        self._turn = count()

    def record(self, request: Received) -> None:
        token = request.headers.get("authorization", "")
        self._sent.words = f"{token} {request.path} {self.url(request.path)}"
        super().record(request)

    def answer_to(self, path: str) -> Answer:
        said = self._sent.words
        return (
            Answer(500, json.dumps({"error": said, "message": said, "msg": said}).encode()),
            Answer(400, said.encode()),
            Answer(401, json.dumps({"detail": said, "description": said}).encode()),
            Answer(302, headers={"Location": f"http://127.0.0.1:1{path}"}),
            Answer(429, said.encode(), headers={"Retry-After": "1"}),
            Answer(200, json.dumps({"ok": False, "error": said}).encode()),
        )[next(self._turn) % 6]


class Canaries:
    """A group that posts to every platform there is, from variables."""

    def __init__(self, installed: Installation, origins: Mapping[str, str]) -> None:
        self.installed = installed
        self.variables: dict[str, str] = {
            "PING_URL": f"{origins['answers']}/ping/{canary('operator', 'ping')}"
        }
        tables = []
        for place, origin in origins.items():
            for platform in PLATFORMS:
                if platform in LOCAL:
                    continue
                name = f"{platform.replace('_', '-')}-{place}"
                keys = keys_of(platform, origin)
                for key in secret_keys(platform) & keys.keys():
                    variable = f"{platform}_{place}_{key}".upper()
                    self.variables[variable] = str(keys[key])
                    keys[key] = f"${{{variable}}}"
                tables.append(table(name, {"platform": platform, "include": [DAY], **keys}))
        tables.append(table("ops", {"platform": "inbox", "exclude": [DAY]}))
        self.tables = tables
        self.trusted = [origin.partition("://")[2] for origin in origins.values()]
        self.write()

    def write(self, more: str = "", network: str = "") -> None:
        env = "".join(f"{name}='{value}'\n" for name, value in self.variables.items())
        (self.installed.root / ".env").write_text(env, "utf-8")
        self.installed.write(
            *self.tables,
            more,
            settings='[operator]\nchannel = "ops"\nping_url = "${PING_URL}"\n',
            network=network,
            trusted=self.trusted,
        )


def files_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Gives what lies in the folder, but for the two places where secrets belong."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in (".env", "broken.env"):
            yield str(path.relative_to(folder)), path.read_bytes()


def search(secrets: Mapping[str, str], places: Iterator[tuple[str, bytes]]) -> int:
    """Fails where a canary is found; gives the number of bytes that were searched."""
    searched = 0
    for place, content in places:
        for word in sought(secrets):
            at = content.find(word)
            assert at < 0, f"{place}: …{content[max(at - 200, 0) : at + 60]!r}…"
        searched += len(content)
    return searched


def test_every_secret_of_every_platform_has_a_canary() -> None:
    for platform in PLATFORMS:
        if platform not in LOCAL:
            keys = keys_of(platform, "http://127.0.0.1:9")
            assert secret_keys(platform) <= keys.keys(), platform


def test_a_canary_would_be_found() -> None:
    secrets = {"X": "https://example.org/hook/canary9slack0url7zq"}
    for told in (
        b"posted to /hook/canary9slack0url7zq: refused",
        base64.b64encode(b"canary9slack0url7zq"),
    ):
        with pytest.raises(AssertionError, match="a log"):
            search(secrets, iter([("a log", b"before " + told + b" after")]))


def test_whatever_fails_nothing_that_is_written_holds_a_secret(installed: Installation) -> None:
    with Echo() as receiver, Receiver() as other:
        installed.receiver = receiver
        origins = {"answers": receiver.url("").rstrip("/"), "closed": "http://127.0.0.1:1"}
        canaries = Canaries(installed, {**origins, "breaks": other.url("").rstrip("/")})
        other.by_default(
            Answer(close=True),
            Answer(raw=b"\x00 no HTTP\r\n\r\n"),
            Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nhalf"),
        )
        installed.known_since(NINE - seconds(60))
        service = installed.rehearse(NINE)
        wait_until(lambda: tried(installed) >= 30, timeout=150)
        # a configuration that is broken where a secret stands
        value = canaries.variables["SLACK_ANSWERS_URL"]
        canaries.write(table("wrong", {"platform": "${SLACK_ANSWERS_URL}", "post_at": value}))
        service.signal(signal.SIGHUP)
        service.wait_for("config-broken", timeout=40)
        said: list[Said] = [installed.tell("check"), installed.tell("check", "--json")]
        canaries.write(network='ca_file = "none.pem"\nproxy = "http://me:canary9proxy@127.0.0.1:1"')
        said.append(installed.tell("run", "--once"))
        canaries.write()
        service.signal(signal.SIGHUP)
        service.wait_for("reloaded", timeout=40)
        service.kill()

        # what the next run makes of it, and what a person is shown
        again = installed.rehearse(NINE + seconds(3600))
        again.wait_for("started", timeout=40)
        wait_until(lambda: not moving(installed), timeout=150)
        for words in (
            ["check", "--json"],
            ["upcoming", "--days", "400", "--json"],
            ["history"],
            ["history", "--json"],
            ["channels"],
            ["channels", "--json"],
            ["health", "--json"],
            ["inbox", "--json"],
            ["ledger", "check"],
            ["ledger", "backup", str(installed.root / "backup.db")],
            ["preview", DAY, "--on", "2026-12-09", "--channel", "webhook-answers", "--payload"],
        ):
            said.append(installed.tell(*words))
        for platform in PLATFORMS:
            if platform not in LOCAL:
                # what does not speak SMTP is waited for a minute
                place = "closed" if platform == "email" else "answers"
                name = f"{platform.replace('_', '-')}-{place}"
                said.append(installed.tell("channels", "test", name))
                shown = ["preview", DAY, "--on", "2026-12-09", "--channel", name, "--payload"]
                said.append(installed.tell(*shown))
        assert again.stop() == 0
        states = {row.state for row in installed.rows().values()}
        assert {State.FAILED, State.UNKNOWN} <= states

        def everything() -> Iterator[tuple[str, bytes]]:
            yield "the log", "".join(service.lines + again.lines).encode()
            for number, one in enumerate(said):
                yield f"command {number}", (one.out + one.err).encode()
            yield from files_of(installed.root)

        searched = search(canaries.variables, everything())
        print(f"{len(canaries.variables)} canaries, {searched} bytes searched, none found")
        assert searched > 100_000


def tried(installed: Installation) -> int:
    return sum(row.attempts > 0 for row in installed.rows().values())


def moving(installed: Installation) -> bool:
    return any(row.state in (State.READY, State.SENDING) for row in installed.rows().values())


def test_a_defects_traceback_holds_no_secret(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    from bot.logs import configure_logs
    from bot.project.secrets import tell_the_logs
    from tests.service.stepping import stepping

    origin = installed.receiver.url("").rstrip("/")
    canaries = Canaries(installed, {"answers": origin})
    installed.known_since(NINE - seconds(86400), real=True)
    out = io.StringIO()
    configure_logs(out)
    with stepping(installed, NINE) as steps:
        tell_the_logs(steps.project)

        def broken(request: Any) -> Any:
            raise RuntimeError(f"no route to {request.url} with {request!r} {request.headers}")

        monkeypatch.setattr(steps.courier.poster.transport, "send", broken)
        steps.wake()
        details = [row.detail for row in steps.ledger.history()]
    assert "Traceback" in out.getvalue()
    search(
        canaries.variables,
        iter([("the log", out.getvalue().encode()), ("the ledger", "".join(details).encode())]),
    )
