"""Cloudflare R2: files kept and served, through its S3 interface; any other S3 store by the same settings.

The one rule: a file is never whole in memory, and every request is signed over exactly what is sent.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping

from recipe_engine.plugin import AuthContext, Connector, Request, Retryable, Setting, Settings, Terminal, hookimpl
from recipe_plugins.cloudflare_r2.signing import UNSIGNED, Credentials, signed_headers

PAYLOAD = "x-amz-content-sha256"


def credentials(settings: Settings) -> Credentials:
    """The keys that requests are signed with."""
    return Credentials(
        settings.require("R2_ACCESS_KEY_ID"),
        settings.require("R2_SECRET_ACCESS_KEY"),
        settings.get("R2_REGION", "auto") or "auto",
    )


async def sign(request: Request, auth: AuthContext) -> None:
    """Auth by signature. An action that streams a file of known SHA-256 says it in PAYLOAD; else a stream goes unsigned
    under TLS, as S3 allows."""
    payload = request.headers.pop(PAYLOAD, None)
    if payload is None:
        body = request.body or b""
        payload = hashlib.sha256(body).hexdigest() if isinstance(body, bytes) else UNSIGNED
    keys = credentials(auth.settings)
    request.headers |= signed_headers(request.method, request.url, request.headers, payload, keys, request.at)


def errors(status: int, _headers: Mapping[str, str], body: object) -> Exception | None:
    """S3's XML error as a Retryable or Terminal; None for what the engine's general rules know better."""
    if not isinstance(body, str) or status >= 500:
        return None
    found = {name: re.search(rf"<{name}>(.*?)</{name}>", body, re.DOTALL) for name in ("Code", "Message")}
    code, message = (html.unescape(each[1]) if each else "" for each in found.values())
    if not code:
        return None
    title = f"R2: {message or code}"
    if status == 429:
        return Retryable(title, code="rate_limit", detail=code)
    hint = "; is the clock of this machine right?" if code == "RequestTimeTooSkewed" else ""
    return Terminal(title, code=f"http_{status}", detail=f"{code}{hint}")


cloudflare_r2 = Connector(
    name="cloudflare_r2",
    title="Cloudflare R2",
    docs="Files kept in Cloudflare R2, or any other S3 store, and served at a public address.",
    base_url_setting="R2_ENDPOINT_URL",
    settings=[
        Setting("R2_ENDPOINT_URL", help="R2 > Overview > S3 API: https://<account>.r2.cloudflarestorage.com"),
        # Half of a pair, but no secret: it stands readable in every presigned link.
        Setting("R2_ACCESS_KEY_ID", help="R2 > Overview > Manage API tokens: Object Read & Write"),
        Setting("R2_SECRET_ACCESS_KEY", secret=True, help="Shown once, when the token is made"),
        Setting("R2_BUCKET_NAME", help="The bucket that files go to"),
        Setting("R2_PUBLIC_URL", help="Bucket > Settings > Custom domains (or its r2.dev address)"),
        Setting("R2_REGION", required=False, default="auto", help="Only for S3 stores that are not R2"),
        Setting(
            "R2_MULTIPART_ABOVE",
            required=False,
            default="5363466240",
            help="Files of more bytes are sent in parts; 5 GiB less 5 MiB, the most that one request takes",
        ),
        Setting("R2_PART_SIZE", required=False, default="104857600", help="Bytes of a part: 5 MiB at least"),
    ],
    auth=sign,
    errors=errors,
    sandbox="recipe_plugins.cloudflare_r2.sandbox:R2Sandbox",
    probe=lambda _settings: ("list_files", {"limit": 1}),
)


@hookimpl
def register_connectors() -> list[Connector]:
    """R2 with its actions."""
    from recipe_plugins.cloudflare_r2 import actions  # noqa: F401  # importing it registers them

    return [cloudflare_r2]
