"""The keys of ``vigilia.toml`` and the keys that every channel has, whatever its platform."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from bot.errors import nearest, quoted
from bot.settings.listening import Listen, read_listen

NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]*")
_LONGEST_GAP = timedelta(days=7)
_SHORTEST_TOKEN = 16
_WEB_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/?")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_WHOLE = re.compile(r"(?:[0-9]{1,7}[smhd]\s*){1,4}")
_PIECE = re.compile(r"([0-9]+)([smhd])")


def parse_duration(text: Any) -> timedelta:
    """Return the length of time of ``36h``, ``30m``, ``7d``, ``90s`` or several together. Raises
    ValueError, with the forms that exist, for anything else."""
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not _WHOLE.fullmatch(text.strip()):
        raise ValueError(f"{quoted(text)} is not a length of time: write 30m, 36h or 7d")
    pieces = _PIECE.findall(text)
    return sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in pieces), timedelta())


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]


def _time_of_day(text: Any) -> time:
    if isinstance(text, time):
        return text
    if isinstance(text, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        return time.fromisoformat(text)
    raise ValueError(f"{quoted(text)} is not a time of day: write it as 09:00, from 00:00 to 23:59")


def _zone(name: Any) -> ZoneInfo:
    if isinstance(name, ZoneInfo):
        return name
    try:
        if not isinstance(name, str) or not name:
            raise ValueError
        return ZoneInfo(name)
    except (ValueError, ZoneInfoNotFoundError, OSError):
        hint = nearest(str(name), available_timezones()) or " Write one such as America/Toronto."
        raise ValueError(f"{quoted(name)} is not a known time zone.{hint}") from None


def _gap(length: timedelta) -> timedelta:
    if length > _LONGEST_GAP:
        raise ValueError("at most 7d")
    return length


def _useful(length: timedelta) -> timedelta:
    if not timedelta(minutes=1) <= length <= timedelta(days=30):
        raise ValueError("between 1m and 30d")
    return length


def _spacing(length: timedelta) -> timedelta:
    if length > timedelta(hours=6):
        raise ValueError("at most 6h")
    return length


def _unique(values: tuple[Any, ...]) -> tuple[Any, ...]:
    twice = [value for index, value in enumerate(values) if value in values[:index]]
    if twice:
        raise ValueError(f"{quoted(twice[0])} stands there twice")
    return values


TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
LeadDay = Annotated[int, Field(ge=1, le=60, strict=True)]
Languages = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_unique)]


def _web_address(address: str | None) -> str | None:
    if address is not None and not _WEB_ADDRESS.fullmatch(address):
        raise ValueError(f"{address!r} is not an address: write https://vigilia.example.org")
    return address


def _proxy(proxy: SecretStr | None) -> SecretStr | None:
    if proxy is not None and not re.fullmatch(r"https?://[^\s/]+/?", proxy.get_secret_value()):
        raise ValueError("it is not an address of a proxy: write http://proxy.example.org:3128")
    return proxy


def _token(token: SecretStr | None) -> SecretStr | None:
    if token is not None and len(token.get_secret_value()) < _SHORTEST_TOKEN:
        raise ValueError(f"a token has {_SHORTEST_TOKEN} characters or more")
    return token


def _hash(hashed: SecretStr | None) -> SecretStr | None:
    if hashed is not None and not hashed.get_secret_value().startswith("scrypt:"):
        raise ValueError("it is not a password's hash: `vigilia password` makes one")
    return hashed


class Model(BaseModel):
    """A table of a TOML file: unknown keys are errors, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class LedgerSettings(Model):
    """``[ledger]``: where what was posted is recorded."""

    url: str = Field(default="sqlite:///var/vigilia.db", repr=False)


class NetworkSettings(Model):
    """``[network]``: hosts that may be private, plain http, and any platform's; an own CA file; a
    proxy (None: as the environment says), which may hold a password."""

    trusted_hosts: tuple[str, ...] = ()
    ca_file: str | None = None
    proxy: Annotated[SecretStr | None, AfterValidator(_proxy)] = None


class WebSettings(Model):
    """``[web]``: where the page listens (None: it is off), and who may come in.

    ``address`` is what people call it where that is something else. ``token`` is the variable
    VIGILIA_WEB_TOKEN unless it is written here.
    """

    listen: Annotated[Listen | None, BeforeValidator(read_listen)] = Listen("127.0.0.1", 8099)
    address: Annotated[str | None, AfterValidator(_web_address)] = None
    token: Annotated[SecretStr | None, AfterValidator(_token)] = None
    password_hash: Annotated[SecretStr | None, AfterValidator(_hash)] = None
    public_feeds: bool = False


class ApprovalSettings(Model):
    """``[approval]``: how long ahead it is asked for, and what an undecided posting does when
    due."""

    lead: Duration = timedelta(days=7)
    undecided: Literal["hold", "post"] = "hold"


class OperatorSettings(Model):
    """``[operator]``: who is told of what needs a person."""

    channel: str | None = None
    ping_url: SecretStr | None = None


Workers = Literal["auto"] | Annotated[int, Field(ge=1, le=64, strict=True)]


class DeliverySettings(Model):
    """``[delivery]``: how many requests may be under way at once; "auto": as many as what waits
    asks for."""

    workers: Workers = "auto"


def _lease(length: timedelta) -> timedelta:
    if not timedelta(seconds=2) <= length <= timedelta(hours=1):
        raise ValueError("between 2s and 1h")
    return length


class EngineSettings(Model):
    """``[engine]``: who hands the work out. ``lease``: for how long a delivery that a machine has
    taken is no other's business; ``stalled_after``: without a sign of life for so long, what a
    worker has taken on is given to another."""

    kind: Literal["embedded", "cluster"] = "embedded"
    lease: Annotated[Duration, AfterValidator(_lease)] = timedelta(minutes=5)
    stalled_after: Annotated[Duration, AfterValidator(_lease)] = timedelta(seconds=30)


class Settings(Model):
    """``vigilia.toml``. The first four keys are what every channel has unless it says otherwise."""

    timezone: Zone = ZoneInfo("America/Toronto")
    post_at: TimeOfDay = time(9, 0)
    languages: Languages = ("en",)
    useful_for: Annotated[Duration, AfterValidator(_useful)] = timedelta(hours=36)
    ledger: LedgerSettings = LedgerSettings()
    network: NetworkSettings = NetworkSettings()
    web: WebSettings = WebSettings()
    approval: ApprovalSettings = ApprovalSettings()
    operator: OperatorSettings = OperatorSettings()
    delivery: DeliverySettings = DeliverySettings()
    engine: EngineSettings = EngineSettings()


class ChannelFields(Model):
    """What every channel may say, whatever its platform. None: as ``vigilia.toml`` says."""

    platform: str
    timezone: Zone | None = None
    post_at: TimeOfDay | None = None
    languages: Languages | None = None
    useful_for: Annotated[Duration, AfterValidator(_useful)] | None = None
    layout: Literal["together", "separate"] = "together"
    include: Annotated[tuple[str, ...], AfterValidator(_unique)] = ("core",)
    exclude: Annotated[tuple[str, ...], AfterValidator(_unique)] = ()
    lead_days: Annotated[tuple[LeadDay, ...], AfterValidator(_unique)] = ()
    spacing: Annotated[Duration, AfterValidator(_spacing)] = timedelta(minutes=30)
    min_gap: Annotated[Duration, AfterValidator(_gap)] = timedelta(hours=48)
    same_day: Literal["space", "merge"] = "space"
    digest: Literal["monthly"] | None = None
    on_unknown: Literal["hold", "resend"] = "hold"
    approval: bool = False


COMMON_CHANNEL_KEYS = frozenset(ChannelFields.model_fields)
