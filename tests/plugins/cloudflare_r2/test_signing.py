"""The signer against vectors that AWS published, one made for R2, and botocore's own signer."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlencode, urlsplit

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe_plugins.cloudflare_r2.signing import (
    NOTHING,
    UNSIGNED,
    Credentials,
    encoded,
    host_of,
    presigned_url,
    signed_headers,
)

KEYS = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
AT = datetime(2013, 5, 24, tzinfo=UTC)
BUCKET = "https://examplebucket.s3.amazonaws.com"


@pytest.mark.parametrize(
    ("method", "url", "headers", "payload", "signature"),
    [
        (
            "GET",
            "/test.txt",
            {"Range": "bytes=0-9"},
            NOTHING,
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test%24file.text",
            {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            hashlib.sha256(b"Welcome to Amazon S3.").hexdigest(),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        ("GET", "/?lifecycle", {}, NOTHING, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            "GET",
            "/?max-keys=2&prefix=J",
            {},
            NOTHING,
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_the_vectors_that_aws_published_for_headers(
    method: str, url: str, headers: dict[str, str], payload: str, signature: str
) -> None:
    signed = signed_headers(method, BUCKET + url, headers, payload, KEYS, AT.timestamp())
    assert signed["authorization"].endswith(f"Signature={signature}")


def test_the_vector_that_aws_published_for_links() -> None:
    link = presigned_url("GET", f"{BUCKET}/test.txt", KEYS, AT.timestamp(), 86_400)
    assert link == (
        f"{BUCKET}/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


def test_a_link_to_r2() -> None:
    keys = Credentials(KEYS.key_id, KEYS.secret, "auto")
    url = "https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com/my-bucket/reports/a.pdf"
    link = presigned_url("GET", url, keys, datetime(2026, 11, 1, tzinfo=UTC).timestamp(), 3600)
    assert link.endswith("X-Amz-Signature=0369ae6b3cf76920cf4ec20be3c4278a776ad6193cde43fa7680ef64564766ca")


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
keys_of_objects = texts.filter(lambda key: not {"", ".", ".."} & set(key.split("/")))
instants = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


def botocore_signer(kind: type[Any], **options: Any) -> Any:
    credentials = botocore.credentials.Credentials(KEYS.key_id, KEYS.secret)
    return kind(credentials, "s3", "auto", **options)


@given(
    method=st.sampled_from(["GET", "PUT", "DELETE", "HEAD"]),
    host=st.sampled_from(["https://x.r2.cloudflarestorage.com", "http://127.0.0.1:9000", "https://s3.example.org:443"]),
    key=keys_of_objects,
    query=st.dictionaries(texts.filter(bool), texts, max_size=4),
    headers=st.dictionaries(
        st.sampled_from(["Content-Type", "Cache-Control", "x-amz-meta-a"]),
        st.from_regex(r"[a-z;=]( {0,2}[a-z;=])*", fullmatch=True),
    ),
    payload=st.sampled_from([NOTHING, UNSIGNED, hashlib.sha256(b"x").hexdigest()]),
    at=instants,
)
def test_header_signatures_are_botocores(
    method: str, host: str, key: str, query: dict[str, str], headers: dict[str, str], payload: str, at: datetime
) -> None:
    url = f"{host}/bucket/{encoded(key, keep='/')}" + (
        f"?{urlencode(query, quote_via=lambda t, *_: encoded(t))}" if query else ""
    )
    keys = Credentials(KEYS.key_id, KEYS.secret, "auto")
    ours = signed_headers(method, url, headers, payload, keys, at.timestamp())["authorization"]

    request = botocore.awsrequest.AWSRequest(
        method=method, url=url, headers={**headers, "X-Amz-Content-SHA256": payload}
    )
    signer = botocore_signer(botocore.auth.S3SigV4Auth)
    # It takes the hash from the header only when it is told that it is right.
    with clock_at(at), mock.patch.object(signer, "payload", return_value=payload):
        signer.add_auth(request)
    assert signature(ours) == signature(request.headers["Authorization"])


@given(key=keys_of_objects, expires=st.integers(1, 604_800), at=instants, method=st.sampled_from(["GET", "PUT"]))
def test_links_are_botocores(key: str, expires: int, at: datetime, method: str) -> None:
    url = f"https://x.r2.cloudflarestorage.com/bucket/{encoded(key, keep='/')}"
    keys = Credentials(KEYS.key_id, KEYS.secret, "auto")
    ours = presigned_url(method, url, keys, at.timestamp(), expires)
    request = botocore.awsrequest.AWSRequest(method=method, url=url)
    with clock_at(at):
        botocore_signer(botocore.auth.S3SigV4QueryAuth, expires=expires).add_auth(request)
    assert parse_qs(urlsplit(ours).query) == parse_qs(urlsplit(request.url).query)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://A.example.org/x", "a.example.org"),
        ("https://a.example.org:443/x", "a.example.org"),
        ("http://127.0.0.1:9000", "127.0.0.1:9000"),
        ("https://a.example.org:80/x", "a.example.org:80"),
    ],
)
def test_the_host_is_what_a_client_sends(url: str, host: str) -> None:
    assert host_of(url) == host


def test_another_second_body_or_header_is_another_signature() -> None:
    def sign(url: str = f"{BUCKET}/a", payload: str = NOTHING, later: int = 0, **headers: str) -> str:
        at = (AT + timedelta(seconds=later)).timestamp()
        return signature(signed_headers("GET", url, headers, payload, KEYS, at)["authorization"])

    signatures = [sign(), sign(later=1), sign(payload=UNSIGNED), sign(f"{BUCKET}/b"), sign(Range="bytes=0-1")]
    assert len(set(signatures)) == len(signatures)
    assert sign(**{"User-Agent": "x", "Accept": "*/*"}) == sign()


def signature(authorization: str) -> str:
    return authorization.rpartition("Signature=")[2]


def clock_at(at: datetime) -> Any:
    return mock.patch.object(botocore.auth, "get_current_datetime", return_value=at.replace(tzinfo=None))
