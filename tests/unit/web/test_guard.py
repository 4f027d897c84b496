"""The guard: who comes in, what a change needs, which headers each answer has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from httpx2 import Response

from bot.errors import ConfigError
from bot.project.load import Project, load_project
from bot.web.access import Access, access_of, is_password, password_hash
from bot.web.guard import HEADERS, LONGEST_BODY, PROGRAM_PATHS
from bot.web.routes import ROUTERS
from bot.web.routes.login import own_path
from bot.web.visitors import IDLE_S, LONGEST_S, LoginLimit, Visitors
from tests.page import CANARIES, Stage, staged
from tests.unit.web.browsing import BASE, Browser, browsing

TOKEN = CANARIES["VIGILIA_WEB_TOKEN"]
ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def methods(route: APIRoute) -> set[str]:
    return route.methods or set()


CHANGES = sorted(route.path for route in ROUTES if "POST" in methods(route))
PROBES = ("/healthz", "/readyz")
READS = sorted(route.path for route in ROUTES if "GET" in methods(route))


def test_there_are_changes_to_guard() -> None:
    assert "/decide" in CHANGES and "/channels/test" in CHANGES and len(CHANGES) >= 8
    assert not [r for r in ROUTES if methods(r) - {"GET", "POST", "HEAD"}]


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize(
    ("what", "headers", "token"),
    [
        ("no token", {"origin": BASE}, ""),
        ("a wrong token", {"origin": BASE}, "0" * 64),
        ("another origin", {"origin": "https://evil.example"}, "right"),
        ("another port", {"origin": "https://localhost:9000"}, "right"),
        ("another scheme", {"origin": "http://localhost:8099"}, "right"),
        ("no origin at all", {}, "right"),
        ("a hidden origin", {"origin": "null"}, "right"),
        ("another referer", {"referer": "https://evil.example/x"}, "right"),
        ("a strange referer", {"referer": "https://[x"}, "right"),
        ("another site", {"origin": BASE, "sec-fetch-site": "cross-site"}, "right"),
        ("a sibling site", {"origin": BASE, "sec-fetch-site": "same-site"}, "right"),
    ],
)
def test_a_change_that_was_not_meant_is_refused(
    shared: Browser, path: str, what: str, headers: dict[str, str], token: str
) -> None:
    csrf = shared.csrf() if token == "right" else token
    answer = shared.client.post(path, data={"csrf": csrf}, headers=headers, follow_redirects=False)
    # a program's way takes no cookie at all, however good what goes with it
    assert answer.status_code == (401 if path.startswith("/api/") else 403), what
    said = "only with the token" if path.startswith("/api/") else "Nothing was changed"
    assert said in answer.text


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with staged(tmp_path_factory.mktemp("guard") / "g") as stage, browsing(stage.site) as browser:
        yield browser


def test_a_token_of_another_browser_does_not_help(shared: Browser, stage: Stage) -> None:
    with browsing(stage.site) as other:
        csrf = other.csrf()
    answer = shared.client.post("/go-on", data={"csrf": csrf}, headers={"origin": BASE})
    assert answer.status_code == 403


def test_a_change_that_was_meant_is_made(browser: Browser, stage: Stage) -> None:
    for headers in ({"origin": BASE}, {"referer": f"{BASE}/channels"}):
        data = {"csrf": browser.csrf(), "hours": "2"}
        assert browser.client.post("/pause", data=data, headers=headers).status_code == 200
    assert stage.ledger.paused_until() is not None


def test_what_is_sent_must_be_a_short_form(shared: Browser) -> None:
    long = {"csrf": shared.csrf(), "why": "x" * LONGEST_BODY}
    assert shared.client.post("/decide", data=long, headers={"origin": BASE}).status_code == 413
    many = "&".join(f"a{n}=1" for n in range(60)) + f"&csrf={shared.csrf()}"
    kind = {"origin": BASE, "content-type": "application/x-www-form-urlencoded"}
    assert shared.client.post("/decide", content=many, headers=kind).status_code == 403
    json = {"origin": BASE, "content-type": "application/json"}
    assert shared.client.post("/decide", content="{}", headers=json).status_code == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8099", 200),
        ("127.0.0.1:8099", 200),
        ("[::1]:8099", 200),
        ("192.168.1.4", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example:8099", 421),
        ("", 421),
        ("[x", 421),
    ],
)
def test_a_host_that_is_not_ours_is_refused(shared: Browser, host: str, status: int) -> None:
    answer = shared.get("/", host=host)
    assert answer.status_code == status
    if status == 421:
        assert "This is another address" in answer.text


def test_the_address_of_the_settings_is_ours(tmp_path: Path) -> None:
    named = 'listen = "127.0.0.1:8099"\naddress = "https://vigilia.example.org/"\n'
    access = access_of(make_open(tmp_path / "named", named))
    assert access is not None
    assert access.knows_host("vigilia.example.org") and access.knows_host("VIGILIA.example.org:443")
    assert not access.knows_host("example.org")
    assert access.link("/posting/x") == "https://vigilia.example.org/posting/x"
    assert access.is_https
    everywhere = f'listen = "0.0.0.0:80"\ntoken = "{TOKEN}"\n'
    plain = access_of(make_open(tmp_path / "plain", everywhere))
    assert plain is not None and plain.link("/x") == "http://127.0.0.1:80/x"


@pytest.mark.parametrize("path", ["/", "/no/such/page", "/healthz", "/static/site.css", "/login"])
def test_every_answer_has_the_headers(shared: Browser, path: str) -> None:
    headers = shared.get(path).headers
    for name, value in HEADERS.items():
        assert headers[name] == value
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert "server" not in headers


def test_refusals_have_the_headers_too(shared: Browser) -> None:
    assert shared.client.post("/decide").headers["x-frame-options"] == "DENY"
    assert shared.get("/", host="evil.example").headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/deliveries", "/channels", "/calendar", "/inbox", "/nope"])
def test_no_page_holds_inline_code_or_style(shared: Browser, path: str) -> None:
    page = shared.get(path).text
    assert " style=" not in page and "<style" not in page
    assert page.count("<script") == 1 and '<script src="/static/' in page
    assert not [piece for piece in page.split() if piece.lower().startswith(("onclick", "onload"))]
    assert "javascript:" not in page
    assert page.count('src="http') == 0


def test_cookies_are_for_this_page_only_and_for_no_script(shared: Browser, stage: Stage) -> None:
    with browsing(stage.site) as fresh:
        cookie = fresh.get("/").headers["set-cookie"]
        assert cookie.startswith("__Host-vigilia=")
        assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict; Secure")
        assert "set-cookie" not in fresh.get("/").headers
        assert "set-cookie" not in fresh.get("/healthz").headers
    with browsing(stage.site) as safari:
        agent = "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15"
        plain = safari.client.get("http://localhost:8099/", headers={"user-agent": agent})
        assert plain.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Strict")
        elsewhere = safari.client.get("http://192.168.1.4/", headers={"user-agent": agent})
        assert "; Secure" in elsewhere.headers["set-cookie"]
        chrome = safari.client.get(
            "http://localhost:8099/", headers={"user-agent": f"Chrome/156 {agent}"}
        )
        assert "; Secure" in chrome.headers["set-cookie"]


@pytest.mark.parametrize("cookie", ["x", "x.y", f"x.{'0' * 64}", '"', "é.ü", "."])
def test_a_cookie_of_somebody_elses_making_is_nobody(stage: Stage, cookie: str) -> None:
    assert stage.site.visitors.visitor_of(cookie) is None
    with browsing(stage.site) as browser:
        header = f"__Host-vigilia={cookie}".encode()
        answer = browser.client.get("/", headers=[(b"cookie", header)])
        assert answer.status_code == 200
        assert "set-cookie" in answer.headers


# logging in


@pytest.mark.parametrize("path", [p for p in READS if not p.startswith(("/static", *PROBES))])
def test_nothing_is_shown_before_the_login(visitor: Browser, path: str) -> None:
    path = path.replace("{key:path}", "human-rights-day/2026-12-10/0/ottawa/en+fr").replace(
        "{code}", "fr"
    )
    answer = visitor.client.get(path, follow_redirects=False)
    assert answer.status_code in ((401,) if path.startswith(PROGRAM_PATHS) else (200, 303))
    if answer.status_code == 303:
        assert answer.headers["location"].startswith(("/login?next=", "/"))
    assert "ottawa" not in answer.text


@pytest.mark.parametrize("path", [p for p in CHANGES if p != "/login"])
def test_nothing_is_changed_before_the_login(visitor: Browser, locked: Stage, path: str) -> None:
    page = visitor.get("/login").text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    answer = visitor.client.post(
        path, data={"csrf": csrf, "hours": "2"}, headers={"origin": BASE}, follow_redirects=False
    )
    assert answer.status_code == 401
    assert locked.ledger.paused_until() is None


def log_in(visitor: Browser, secret: str, name: str = "Ana", target: str = "/") -> Response:
    fields = {"secret": secret, "name": name, "next": target}
    return visitor.send("/login", fields, of="/login")


def test_the_token_lets_somebody_in_who_then_decides_under_that_name(
    visitor: Browser, locked: Stage
) -> None:
    answer = visitor.send(
        "/login", {"secret": TOKEN, "name": "Ana"}, of="/login?next=%2Fdeliveries%3Fstate%3Dfailed"
    )
    assert str(answer.url).endswith("/deliveries?state=failed")
    assert "Log out" in answer.text and "Ana" in answer.text
    key = locked.keys["coming"]
    visitor.decide("hold", key, who="Somebody else")
    assert locked.ledger.decision_log(key)[-1].who == "Ana"
    assert str(visitor.get("/login").url).endswith("/")


def test_a_session_has_an_id_of_its_own_and_ends(visitor: Browser) -> None:
    visitor.get("/login")
    before = visitor.client.cookies["__Host-vigilia"]
    log_in(visitor, TOKEN)
    inside = visitor.client.cookies["__Host-vigilia"]
    assert inside != before
    out = visitor.send("/logout", {}, of="/channels")
    assert "Log in" in out.text
    visitor.client.cookies.clear()
    visitor.client.cookies.set("__Host-vigilia", inside, domain="localhost.local")
    assert "Log in" in visitor.get("/").text


def test_a_wrong_secret_is_refused_and_soon_not_even_looked_at(
    visitor: Browser, locked: Stage
) -> None:
    for _ in range(LoginLimit.MOST_FROM_ONE):
        answer = log_in(visitor, "wrong")
        assert answer.status_code == 403
    answer = visitor.send("/login", {"secret": TOKEN, "name": "Ana"}, of="/login")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 800
    assert "Too many wrong tries. Try again in 15 minutes." in answer.text
    assert TOKEN not in answer.text


def test_a_login_needs_a_name(visitor: Browser) -> None:
    answer = visitor.send("/login", {"secret": TOKEN, "name": " "}, of="/login")
    assert answer.status_code == 403
    assert "Say who you are" in answer.text


def test_programs_say_the_token_and_need_no_form(visitor: Browser, locked: Stage) -> None:
    right = {"authorization": f"Bearer {TOKEN}"}
    assert visitor.client.get("/channels", headers=right).status_code == 200
    changed = visitor.client.post("/pause", data={"hours": "3"}, headers=right)
    assert changed.status_code == 200 and locked.ledger.paused_until() is not None
    wrong = visitor.client.get("/", headers={"authorization": "Bearer no"})
    assert wrong.status_code == 401
    assert visitor.client.get("/healthz").status_code == 200


def test_feeds_are_public_only_where_the_settings_say_so(tmp_path: Path) -> None:
    for public, status in ((False, 401), (True, 200)):
        folder = tmp_path / str(public)
        with staged(folder, login=True, filled=False) as stage:
            access = stage.site.access
            stage.site.access = Access(access.listen, token=access.token, public_feeds=public)
            with browsing(stage.site) as browser:
                assert browser.get("/calendar.ics").status_code == status
                assert browser.client.get("/metrics").status_code == 401


def test_a_login_leads_only_to_this_page() -> None:
    assert own_path("/deliveries?q=a") == "/deliveries?q=a"
    for elsewhere in (
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "x",
        "",
        "/a\nb",
    ):
        assert own_path(elsewhere) == "/"


def test_the_language_is_kept_when_somebody_chooses_it(shared: Browser) -> None:
    answer = shared.get("/language/fr?next=/channels")
    assert str(answer.url).endswith("/channels") and '<html lang="fr">' in answer.text
    assert '<html lang="fr">' in shared.get("/", **{"accept-language": "es"}).text
    shared.get("/language/en?next=//evil.example")
    assert '<html lang="en">' in shared.get("/language/tlh").text


# who may come in


def test_beyond_this_machine_a_secret_is_asked_for(tmp_path: Path) -> None:
    for number, place in enumerate(
        ("0.0.0.0:8099", "[::]:8099", "192.168.1.4:80", "example.org:80")
    ):
        settings = f'listen = "{place}"\n'
        folder = tmp_path / f"open-{number}"
        open_ = make_open(folder, settings)
        with pytest.raises(ConfigError, match="so the page needs a secret"):
            access_of(open_)
    assert access_of(make_open(tmp_path / "token", 'listen = "0.0.0.0:80"\n', token=TOKEN))
    hashed = password_hash("four quiet words here")
    settings = f'listen = "0.0.0.0:80"\npassword_hash = "{hashed}"\n'
    access = access_of(make_open(tmp_path / "hash", settings))
    assert access is not None and access.admits("four quiet words here")
    assert not access.admits("four quiet words") and not access.admits("")
    assert access_of(make_open(tmp_path / "off", 'listen = "off"\n')) is None


def make_open(folder: Path, web: str, token: str = "") -> Project:
    config = folder / "config"
    config.mkdir(parents=True)
    (config / "vigilia.toml").write_text(f"[web]\n{web}", "utf-8")
    (config / "channels.toml").write_text('[channels.inbox]\nplatform = "inbox"\n', "utf-8")
    environ = {"VIGILIA_WEB_TOKEN": token} if token else {}
    return load_project(config, environ=environ, cwd=folder)


@pytest.mark.parametrize(
    ("web", "said"),
    [
        ('listen = "8099"', "write 127.0.0.1:8099, or off"),
        ('listen = "127.0.0.1:99999"', "write 127.0.0.1:8099, or off"),
        ('address = "vigilia.example.org"', "write https://vigilia.example.org"),
        ('token = "short"', "a token has 16 characters or more"),
        ('password_hash = "hunter2hunter2"', "`vigilia password` makes one"),
    ],
)
def test_wrong_settings_are_refused_without_repeating_secrets(
    tmp_path: Path, web: str, said: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        make_open(tmp_path / "g", web + "\n")
    assert said in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_password_is_known_by_its_hash_alone() -> None:
    one, other = password_hash("correct horse battery"), password_hash("correct horse battery")
    assert one != other and "correct" not in one
    assert is_password("correct horse battery", one) and is_password("correct horse battery", other)
    for wrong in ("", "scrypt", "scrypt:1:2:3:4:5", "md5:1:1:1:aa:aa", f"{one}x:"):
        assert not is_password("correct horse battery", wrong)


def test_sessions_end_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    visitors = Visitors(lambda: now[0])
    cookie = visitors.cookie(visitors.logged_in("Ana"))

    def name() -> str | None:
        known = visitors.visitor_of(cookie)
        return known.name if known else None

    assert name() == "Ana"
    now[0] = IDLE_S - 1
    assert name() == "Ana"
    now[0] += IDLE_S + 1
    assert name() is None
    cookie = visitors.cookie(visitors.logged_in("Ben"))
    for _ in range(20):
        now[0] += LONGEST_S / 20
        seen = name()
    assert seen == "Ben"
    now[0] += 1
    assert name() is None


def test_no_number_of_logins_fills_the_memory() -> None:
    visitors = Visitors()
    first = visitors.cookie(visitors.logged_in("first"))
    for number in range(1_000):
        visitors.logged_in(str(number))
    known = visitors.visitor_of(first)
    assert known is not None and known.name is None


def test_wrong_tries_are_counted_per_address_and_over_all() -> None:
    now = [0.0]
    limit = LoginLimit(lambda: now[0])
    for _ in range(5):
        assert limit.wait_s("a") == 0
        limit.failed("a")
    assert limit.wait_s("a") == 901 and limit.wait_s("b") == 0
    limit.succeeded("a")
    assert limit.wait_s("a") == 0
    for number in range(50):
        limit.failed(str(number))
    assert limit.wait_s("b") > 0
    now[0] = 901.0
    assert limit.wait_s("b") == 0
