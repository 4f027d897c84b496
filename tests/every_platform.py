"""A channel on every platform there is, each with a secret that must not be seen."""

from __future__ import annotations

SECRET = "CANARYplatformSECRET0009"

_DAY = 'languages = ["en", "fr"]\ninclude = ["genocide-prevention-day"]\n'
_KEYS = {
    "apprise": f'url = "gotifys://127.0.0.1:9/{SECRET}"',
    "console": "",
    "discord": f'url = "http://127.0.0.1:9/api/webhooks/12/{SECRET}"',
    "email": (
        'host = "127.0.0.1"\nport = 9\nsecurity = "none"\n'
        'sender = "Our group <days@example.org>"\nto = "members@lists.example.org"'
    ),
    "google_chat": f'url = "http://127.0.0.1:9/v1/spaces/AA/messages?key=k&token={SECRET}"',
    "inbox": "",
    "mastodon": f'url = "http://127.0.0.1:9"\naccess_token = "{SECRET}"\nlongest = 5000',
    "matrix": f'url = "http://127.0.0.1:9"\naccess_token = "{SECRET}"\nroom = "!room:example.org"',
    "mattermost": 'url = "http://127.0.0.1:9/hooks/canaryplatformsecret00009a"',
    "ntfy": f'url = "http://127.0.0.1:9"\ntopic = "{SECRET}"',
    "rocketchat": f'url = "http://127.0.0.1:9/hooks/a1b2c3/{SECRET}"',
    "slack": f'url = "http://127.0.0.1:9/services/T0/B0/{SECRET}"',
    "teams": f'url = "http://127.0.0.1:9/workflows/a/triggers/manual/paths/invoke?sig={SECRET}"',
    "telegram": f'token = "123456:{SECRET}"\nchat_id = "-1001"\nserver = "http://127.0.0.1:9"',
    "webhook": (
        'url = "http://127.0.0.1:9/hook"\nsecret = "whsec_Q0FOQVJZd2ViaG9va1NFQ1JFVDAwMDN4eA=="'
    ),
    "zulip": (
        f'url = "http://127.0.0.1:9"\nemail = "bot@example.org"\napi_key = "{SECRET}"\n'
        'stream = "general"'
    ),
}


def channel_on(platform: str) -> str:
    """Gives the name of the channel on a platform."""
    return f"on-{platform.replace('_', '-')}"


PLATFORMS = tuple(_KEYS)
PLATFORM_CHANNELS = "\n".join(
    f'[channels.{channel_on(name)}]\nplatform = "{name}"\n{keys}\n{_DAY}'
    for name, keys in _KEYS.items()
)


def path_on(platform: str) -> str:
    """Gives the page of the next 9 December's posting on a platform."""
    return f"/posting/genocide-prevention-day/2027-12-09/0/{channel_on(platform)}/en+fr"
