"""What recipes can do with files in R2.

The one rule: every write is keyed, because a key holds one content: doing it again leaves what was there.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit
from xml.etree.ElementTree import Element

from pydantic import Field, field_validator

from recipe_engine.plugin import Context, FileValue, Params, Result, Terminal
from recipe_plugins.cloudflare_r2 import PAYLOAD, cloudflare_r2, credentials
from recipe_plugins.cloudflare_r2.multipart import LARGEST, document, etag_of, sizes, upload
from recipe_plugins.cloudflare_r2.signing import encoded
from recipe_plugins.cloudflare_r2.signing import presigned_url as presigned

UPLOAD_SECONDS = 3600.0
PAGE = 1000
WEEK = 604_800
Key: Any = Field(description="Name of the object in the bucket, folders with `/`: `requests/2026/plan.pdf`.")


def checked_key(key: str) -> str:
    """A key as it can stand in a path: ValueError when it cannot."""
    key = key.strip("/")
    if not key or len(key.encode()) > 1024:
        raise ValueError("a key has 1 to 1024 bytes")
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in key) or {".", ".."} & set(key.split("/")):
        raise ValueError("a key has no control characters and no `.` or `..` as a folder")
    return key


class WithKey(Params):
    key: str = Key

    _checked = field_validator("key")(checked_key)


class PutFile(Params):
    file: FileValue
    key: str | None = Field(
        default=None, description="Name of the object; when left out, `folder` and a name that no other content has."
    )
    folder: str = Field(default="", description="Where the object goes when `key` is left out.")
    content_type: str | None = Field(default=None, description="Media type; the file's own when left out.")
    cache_control: str | None = Field(default=None, examples=["public, max-age=31536000, immutable"])


class StoredFile(Result):
    """`url` is the public address, `size` in bytes, `etag` S3's checksum without its quotes."""

    key: str
    url: str
    size: int
    etag: str


class GetFile(WithKey):
    name: str | None = Field(default=None, description="The file's name; the last part of the key when left out.")


class GotFile(Result):
    file: FileValue


class ListFiles(Params):
    prefix: str = Field(default="", description="Only keys that begin so.")
    limit: int = Field(default=1000, ge=1, le=100_000)


class ListedFile(StoredFile):
    modified: str


class Files(Result):
    files: list[ListedFile]


class DeletedFile(Result):
    key: str


class PresignedUrl(WithKey):
    method: Literal["GET", "HEAD", "PUT", "DELETE"] = "GET"
    expires_in: int = Field(default=3600, ge=1, le=WEEK, description="Seconds; a week at most.")


class Link(Result):
    """The link works for everyone who has it until `expires_at`: treat it as a secret."""

    url: str
    expires_at: str


@cloudflare_r2.action(
    effect="keyed",
    timeout=UPLOAD_SECONDS,
    example='- {id: put, type: cloudflare_r2.put_file, with: {file: "{{ file }}", folder: "requests/{{ run.id }}"}}',
)
async def put_file(ctx: Context, params: PutFile) -> StoredFile:
    """Keep a file under a key and give its public address. An object that has the key already is replaced.

    Streamed from the blob store in one request, above R2_MULTIPART_ABOVE bytes in parts; up to 4.995 TiB.
    """
    file = params.file
    if file.size > LARGEST:
        raise Terminal(f"{file.name} has {file.size} bytes; R2 takes {LARGEST}", code="file_too_large")
    try:
        key = checked_key(f"{params.folder}/{_own_name(file)}" if params.key is None else params.key)
    except ValueError as error:
        raise Terminal(f"{params.key or file.name!r} cannot be a key: {error}", code="validation") from error
    public = _public_url(ctx, key)
    headers = {"Content-Type": params.content_type or file.media_type}
    if params.cache_control:
        headers["Cache-Control"] = params.cache_control
    wanted = sizes(ctx.settings)
    if file.size > wanted.above:
        etag = await upload(ctx, _path(ctx, key), file, wanted.part_of(file.size), headers)
    else:
        etag = await _put(ctx, key, file, headers)
    return StoredFile(key=key, url=public, size=file.size, etag=etag)


async def _put(ctx: Context, key: str, file: FileValue, headers: dict[str, str]) -> str:
    signed = {**headers, PAYLOAD: file.digest.removeprefix("sha256:")}
    answer = await ctx.http.put(
        _path(ctx, key), content=ctx.blobs.open(file), length=file.size, headers=signed, timeout=UPLOAD_SECONDS
    )
    return etag_of(answer)


@cloudflare_r2.action(
    effect="read",
    timeout=UPLOAD_SECONDS,
    example='- {id: plan, type: cloudflare_r2.get_file, with: {key: "requests/{{ id }}/plan.pdf"}}',
)
async def get_file(ctx: Context, params: GetFile) -> GotFile:
    """Fetch an object as a file; a key that does not exist fails with `http_404`."""
    answer = await ctx.http.get(_path(ctx, params.key), timeout=UPLOAD_SECONDS)
    name = params.name or params.key.rpartition("/")[2]
    kind = answer.headers.get("content-type") or "application/octet-stream"
    return GotFile(file=await ctx.blobs.save(answer.chunks(), name, kind))


@cloudflare_r2.action(effect="read", example="- {id: all, type: cloudflare_r2.list_files, with: {prefix: requests/}}")
async def list_files(ctx: Context, params: ListFiles) -> Files:
    """Objects by the beginning of their key, in the order of keys, all pages of them up to `limit`."""
    files: list[ListedFile] = []
    token: str | None = None
    while True:
        query = {"list-type": "2", "max-keys": str(min(PAGE, params.limit - len(files))), "prefix": params.prefix}
        if token is not None:
            query["continuation-token"] = token
        answer = await ctx.http.get(f"{_path(ctx, '')}?{urlencode(query, quote_via=quote)}")
        listing = document(await answer.text(), "ListBucketResult")
        files += [_listed(ctx, entry) for entry in listing.iterfind("{*}Contents")]
        token = listing.findtext("{*}NextContinuationToken")
        if not token or len(files) >= params.limit:
            return Files(files=files)


@cloudflare_r2.action(effect="keyed", example='- {id: gone, type: cloudflare_r2.delete_file, with: {key: "{{ key }}"}}')
async def delete_file(ctx: Context, params: WithKey) -> DeletedFile:
    """Delete an object. One that is not there is no error."""
    answer = await ctx.http.delete(_path(ctx, params.key))
    said = await answer.text()
    if said:
        raise Terminal("R2: a deletion is answered without words", code="invalid_answer", detail=said[:300])
    return DeletedFile(key=params.key)


@cloudflare_r2.action(
    effect="read",
    example='- {id: link, type: cloudflare_r2.presigned_url, with: {key: "{{ put.key }}", expires_in: 86400}}',
)
async def presigned_url(ctx: Context, params: PresignedUrl) -> Link:
    """A link to an object for people who have no key. It is made without asking R2, also for objects not there yet.

    The link stands in the run's journal as every result does: give it as short a life as the purpose allows.
    """
    origin = ctx.settings.require("R2_ENDPOINT_URL").rstrip("/")
    url = presigned(
        params.method, origin + _path(ctx, params.key), credentials(ctx.settings), ctx.now, params.expires_in
    )
    return Link(url=url, expires_at=datetime.fromtimestamp(int(ctx.now) + params.expires_in, UTC).isoformat())


def _own_name(file: FileValue) -> str:
    """A name that no other content has. The file's own may come from anybody: it makes no folders and has an end."""
    name = re.sub(r"[\x00-\x1f\x7f/\\]+", "-", file.name)
    return f"{file.digest.removeprefix('sha256:')[:16]}-{name[-100:]}"


def _path(ctx: Context, key: str) -> str:
    """Where an object is, under the endpoint. Cloudflare shows the endpoint with the bucket at its end: taken as well."""
    bucket = ctx.settings.require("R2_BUCKET_NAME")
    in_endpoint = urlsplit(ctx.settings.require("R2_ENDPOINT_URL")).path.strip("/") == bucket
    return f"/{encoded(key, keep='/')}" if in_endpoint else f"/{bucket}/{encoded(key, keep='/')}"


def _public_url(ctx: Context, key: str) -> str:
    return f"{ctx.settings.require('R2_PUBLIC_URL').rstrip('/')}/{encoded(key, keep='/')}"


def _listed(ctx: Context, entry: Element) -> ListedFile:
    key = entry.findtext("{*}Key", "")
    return ListedFile(
        key=key,
        url=_public_url(ctx, key),
        size=int(entry.findtext("{*}Size", "0")),
        etag=entry.findtext("{*}ETag", "").strip('"'),
        modified=entry.findtext("{*}LastModified", ""),
    )
