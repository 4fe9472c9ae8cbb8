"""A login from its link to its tokens, against a strict authorization server; Google's rules through the same description."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from recipe_engine.plugin import Login, Setting, Settings, id_claims
from recipe_engine.plugin.login import Tokens, redirect_uri
from recipe_engine.runtime import settings as runtime_settings
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.runtime.login_flow import Answer, Grant, Question, ask, revoke
from recipe_engine.runtime.login_index import LoginFailed
from recipe_engine.runtime.login_page import LoginPage
from tests.support.authorization_server import CLIENT, SECRET, AuthorizationServer, browse

REDIRECT = "http://127.0.0.1:4321/callback"
CALENDAR = "https://www.googleapis.com/auth/calendar.events"


@pytest.fixture
def vendor() -> Iterator[AuthorizationServer]:
    with AuthorizationServer().serving() as server:
        yield server


@pytest.fixture
async def transport() -> AsyncIterator[AiohttpTransport]:
    made = AiohttpTransport()
    yield made
    await made.close()


def at(path: str) -> Any:
    def address(settings: Settings) -> tuple[str, bool]:
        return f"{settings.require('GOOGLE_URL')}{path}", True

    return address


# developers.google.com/identity/protocols/oauth2/native-app: PKCE always, any port on loopback, spaces between scopes; a
# refresh token only with access_type=offline, and again only after a new consent (prompt=consent).
GOOGLE = Login(
    name="google",
    title="Google",
    authorize_url=at("/o/oauth2/v2/auth"),
    token_url=at("/token"),
    revoke_url=at("/revoke"),
    revoke_with="token",
    client_id="GOOGLE_CLIENT_ID",
    client_secret="GOOGLE_CLIENT_SECRET",
    scopes=["openid", "email", CALENDAR],
    parameters={"access_type": "offline", "prompt": "consent"},
    account=lambda answer: id_claims(answer).get("email", ""),
    again="remove the app under myaccount.google.com/permissions, then log in again",
)


def settings(vendor: AuthorizationServer, **more: str) -> runtime_settings.Settings:
    given = {"GOOGLE_URL": vendor.url, "GOOGLE_CLIENT_ID": CLIENT, "GOOGLE_CLIENT_SECRET": SECRET, **more}
    return runtime_settings.Settings(given, declared={"GOOGLE_CLIENT_ID": Setting("GOOGLE_CLIENT_ID", help="Console")})


def question(vendor: AuthorizationServer, login: Login = GOOGLE, **more: str) -> Question:
    return ask(login, settings(vendor, **more), login.scopes, REDIRECT)


def sent_back(vendor: AuthorizationServer, asked: Question) -> dict[str, str]:
    """What the vendor puts into the address that it sends the browser to."""
    status, where = vendor.authorize({name: value[0] for name, value in parse_qs(urlsplit(asked.url).query).items()})
    assert status == 302, where
    return {name: value[0] for name, value in parse_qs(urlsplit(where).query).items()}


async def granted(vendor: AuthorizationServer, transport: AiohttpTransport, login: Login = GOOGLE) -> Grant:
    asked = question(vendor, login)
    return await asked.exchange(asked.answered(sent_back(vendor, asked)), transport)


async def refusal(vendor: AuthorizationServer, transport: AiohttpTransport, login: Login = GOOGLE) -> LoginFailed:
    with pytest.raises(LoginFailed) as caught:
        await granted(vendor, transport, login)
    told = f"{caught.value.message} {caught.value.hint}"
    assert not [secret for secret in vendor.secrets() if secret in told]
    return caught.value


async def test_google_gives_tokens_by_its_own_rules(vendor: AuthorizationServer, transport: AiohttpTransport) -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"email": "ada@example.org"}).encode()).decode().rstrip("=")
    vendor.extra = {"id_token": f"head.{claims}.seal"}
    grant = await granted(vendor, transport)
    [asked] = vendor.authorizations
    assert {name: asked[name] for name in ("response_type", "access_type", "prompt", "redirect_uri", "scope")} == {
        "response_type": "code",
        "access_type": "offline",
        "prompt": "consent",
        "redirect_uri": REDIRECT,
        "scope": f"openid email {CALENDAR}",
    }
    assert (len(asked["code_challenge"]), asked["code_challenge_method"]) == (43, "S256")
    assert (grant.account, grant.scopes, grant.refused) == ("ada@example.org", ("openid", "email", CALENDAR), ())
    assert grant.until is None
    assert (set(vendor.refresh_tokens), vendor.access_tokens) == (
        {grant.tokens.refresh_token},
        {grant.tokens.access_token},
    )
    assert "canary" not in repr(grant)


async def test_two_logins_have_nothing_secret_in_common(vendor: AuthorizationServer) -> None:
    one, other = question(vendor), question(vendor)
    assert one.state != other.state
    assert one.verifier != other.verifier
    assert one.verifier not in one.url
    assert one.verifier not in repr(one)


async def test_without_a_refresh_token_it_is_said_how_to_get_one(
    vendor: AuthorizationServer, transport: AiohttpTransport
) -> None:
    vendor.forgets = True
    failure = await refusal(vendor, transport)
    assert failure.message == "Google gave access for a while, but no refresh token to renew it with"
    assert failure.hint == GOOGLE.again


async def test_scopes_that_were_not_given_are_named(vendor: AuthorizationServer, transport: AiohttpTransport) -> None:
    vendor.extra = {"scope": "openid email", "refresh_token_expires_in": 604_800}
    grant = await granted(vendor, transport)
    assert (grant.scopes, grant.refused) == (("openid", "email"), (CALENDAR,))
    assert grant.until is not None


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"state": "another"}, "does not belong to this login"),
        ({"state": ""}, "does not belong to this login"),
        ({"code": ""}, "without a code"),
    ],
)
def test_an_answer_that_is_not_ours_goes_no_further(
    vendor: AuthorizationServer, sent: dict[str, str], says: str
) -> None:
    asked = question(vendor)
    with pytest.raises(LoginFailed, match=says):
        asked.answered({**sent_back(vendor, asked), **sent})
    assert vendor.asked == []


def test_a_person_who_says_no_is_understood(vendor: AuthorizationServer) -> None:
    vendor.agrees = False
    asked = question(vendor)
    with pytest.raises(LoginFailed, match=r"was not given leave in the browser: access_denied \(The person said no\)"):
        asked.answered(sent_back(vendor, asked))


def test_another_refusal_in_the_browser_keeps_the_vendors_code(vendor: AuthorizationServer) -> None:
    asked = question(vendor)
    with pytest.raises(LoginFailed, match=r"Google refused: invalid_scope") as caught:
        asked.answered({"state": asked.state, "error": "invalid_scope"})
    assert "--scope" in (caught.value.hint or "")


async def test_a_code_is_good_once(vendor: AuthorizationServer, transport: AiohttpTransport) -> None:
    asked = question(vendor)
    answer = asked.answered(sent_back(vendor, asked))
    await asked.exchange(answer, transport)
    with pytest.raises(LoginFailed, match=r"Google gives no tokens \(400\): invalid_grant") as caught:
        await asked.exchange(answer, transport)
    assert "expired or was used before" in (caught.value.hint or "")
    assert answer.code not in caught.value.message
    assert answer.code not in repr(answer)


@pytest.mark.parametrize(
    ("style", "says"),
    [("rfc", "(400): invalid_grant"), ("zoho", "(200): invalid_code"), ("hubspot", "(400): BAD_AUTH_CODE")],
)
async def test_an_expired_code_is_told_in_every_vendors_way(
    vendor: AuthorizationServer, transport: AiohttpTransport, style: str, says: str
) -> None:
    vendor.expired, vendor.style = True, style
    failure = await refusal(vendor, transport)
    assert says in failure.message
    assert "log in again" in (failure.hint or "")


@pytest.mark.parametrize("style", ["rfc", "hubspot"])
async def test_an_address_that_is_not_registered_is_spelt_out(
    vendor: AuthorizationServer, transport: AiohttpTransport, style: str
) -> None:
    vendor.style = style
    login = replace(GOOGLE, register="the console > Clients")
    asked = question(vendor, login)
    answer = asked.answered(sent_back(vendor, asked))
    with pytest.raises(LoginFailed) as caught:
        await replace(asked, redirect_uri=f"{REDIRECT}/").exchange(answer, transport)
    assert caught.value.hint == f"register {REDIRECT}/ exactly so with the client (the console > Clients)"


async def test_a_verifier_of_somebody_else_is_no_use(vendor: AuthorizationServer, transport: AiohttpTransport) -> None:
    asked = question(vendor)
    answer = asked.answered(sent_back(vendor, asked))
    with pytest.raises(LoginFailed, match="The verifier does not fit"):
        await question(vendor).exchange(answer, transport)


async def test_a_wrong_client_and_the_vendors_own_advice(
    vendor: AuthorizationServer, transport: AiohttpTransport
) -> None:
    answer = Answer("code", {})
    for login, hint in (
        (GOOGLE, "check GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET"),
        (replace(GOOGLE, advice={"invalid_client": "look here"}), "look here"),
    ):
        with pytest.raises(LoginFailed, match="invalid_client") as caught:
            await question(vendor, login, GOOGLE_CLIENT_SECRET="wrong-secret").exchange(answer, transport)
        assert caught.value.hint == hint


async def test_public_clients_have_no_secret(vendor: AuthorizationServer, transport: AiohttpTransport) -> None:
    vendor.needs_secret = False
    await granted(vendor, transport, replace(GOOGLE, client_secret=""))
    assert "client_secret" not in vendor.requests("/token")[0].form


async def test_a_vendor_without_pkce_gets_none(vendor: AuthorizationServer, transport: AiohttpTransport) -> None:
    await granted(vendor, transport, replace(GOOGLE, pkce=False))
    assert "code_challenge" not in vendor.authorizations[0]
    assert "code_verifier" not in vendor.requests("/token")[0].form


def test_a_client_that_is_not_set_is_told_with_where_to_get_it(vendor: AuthorizationServer) -> None:
    with pytest.raises(LoginFailed, match="GOOGLE_CLIENT_ID is not set") as caught:
        question(vendor, GOOGLE_CLIENT_ID="")
    assert caught.value.hint == "GOOGLE_CLIENT_ID: Console"


def told(sent: Any) -> dict[str, str]:
    if sent.get("place") == "nowhere":
        raise ValueError("nowhere is no place")
    return {"GOOGLE_PLACE": sent["place"]} if "place" in sent else {}


async def test_what_the_vendor_tells_holds_for_the_exchange(
    vendor: AuthorizationServer, transport: AiohttpTransport
) -> None:
    def token_url(values: Settings) -> tuple[str, bool]:
        return f"{vendor.url}/{values.require('GOOGLE_PLACE')}/token", True

    vendor.told = {"place": "eu"}
    grant = await granted(vendor, transport, replace(GOOGLE, told=told, token_url=token_url))
    assert grant.values == {"GOOGLE_PLACE": "eu"}
    assert vendor.asked[0].path == "/eu/token"


@pytest.mark.parametrize(
    ("place", "given", "says"),
    [("nowhere", "", "nowhere is no place"), ("eu", "com", "GOOGLE_PLACE is eu .* set to com")],
)
def test_what_the_vendor_tells_has_to_make_sense(
    vendor: AuthorizationServer, place: str, given: str, says: str
) -> None:
    vendor.told = {"place": place}
    asked = question(vendor, replace(GOOGLE, told=told), GOOGLE_PLACE=given)
    with pytest.raises(LoginFailed, match=says):
        asked.answered(sent_back(vendor, asked))
    assert vendor.asked == []


def test_a_pasted_address_is_as_good_as_a_browser(vendor: AuthorizationServer) -> None:
    asked = question(vendor)
    sent = sent_back(vendor, asked)
    text = f'  "{REDIRECT}?state={sent["state"]}&code={sent["code"]}" \n'
    assert asked.pasted(text).code == sent["code"]
    for odd in ("hello", REDIRECT, ""):
        with pytest.raises(LoginFailed, match="no address with an answer in it"):
            asked.pasted(odd)


async def test_a_vendor_that_cannot_be_reached_is_said(
    vendor: AuthorizationServer, transport: AiohttpTransport
) -> None:
    asked = question(vendor, GOOGLE_URL="http://127.0.0.1:9")
    with pytest.raises(LoginFailed, match="Google could not be asked"):
        await asked.exchange(Answer("code", {}), transport)


@pytest.mark.parametrize("way", ["client", "token", "query"])
async def test_a_token_is_revoked_as_the_vendor_wants_it(
    vendor: AuthorizationServer, transport: AiohttpTransport, way: Any
) -> None:
    login = replace(GOOGLE, revoke_with=way)
    tokens = (await granted(vendor, transport, login)).tokens
    for _ in range(2):  # what is revoked already is revoked
        await revoke(login, settings(vendor), tokens, transport)
    asked = vendor.requests("/revoke")[0]
    assert (asked.query if way == "query" else asked.form)["token"] == tokens.refresh_token
    assert asked.form.get("client_secret") == (SECRET if way == "client" else None)
    assert vendor.refresh_tokens == {}


async def test_a_vendor_that_does_not_revoke_is_told_without_the_token(
    vendor: AuthorizationServer, transport: AiohttpTransport
) -> None:
    login = replace(GOOGLE, revoke_url=at("/elsewhere"))
    with pytest.raises(LoginFailed, match=r"did not revoke the token \(401\): expired"):
        await revoke(login, settings(vendor), Tokens("canary-refresh"), transport)


async def test_the_page_takes_one_answer_and_says_what_became_of_it(vendor: AuthorizationServer) -> None:
    async with LoginPage(GOOGLE) as page:
        where = page.redirect_uri
        assert where.startswith("http://127.0.0.1:")
        assert where.endswith("/callback")
        for other in (where, where.replace("/callback", "/favicon.ico")):
            assert (await asyncio.to_thread(browse, other))[0] == 404
        first = asyncio.ensure_future(asyncio.to_thread(browse, f"{where}?code=1&state=2"))
        assert await page.answer() == {"code": "1", "state": "2"}
        assert "answer already" in (await asyncio.to_thread(browse, f"{where}?code=3&state=4"))[1]
        page.tell(done=False, text="<b>No</b>.")
        status, text = await first
    assert (status, "&lt;b&gt;No&lt;/b&gt;. You can close this page." in text) == (400, True)
    assert "Google: not logged in" in text


async def test_a_port_that_is_taken_is_told_with_the_ways_out() -> None:
    async with LoginPage(GOOGLE) as page:
        taken = urlsplit(page.redirect_uri).port
        with pytest.raises(LoginFailed, match=f"port {taken} of this machine cannot be used") as caught:
            async with LoginPage(GOOGLE, taken):
                raise AssertionError
    assert "--paste" in (caught.value.hint or "")


def test_hosts_and_ports_are_the_vendors_choice() -> None:
    login = replace(GOOGLE, host="localhost", port=8717, path="/back")
    assert redirect_uri(login) == "http://localhost:8717/back"
    assert redirect_uri(login, 9000) == "http://localhost:9000/back"


@pytest.mark.parametrize("token", ["", "a.b", "a.!!.c", "a.MTIz.c", None])
def test_an_id_token_that_is_none_says_nothing(token: Any) -> None:
    assert id_claims({"id_token": token}) == {}
