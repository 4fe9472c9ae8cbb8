"""R2 imitated: one bucket of objects behind its S3 interface.

The one rule: a request whose signature, date or payload hash S3 would refuse is refused, with S3's own XML.

Seed: `objects`: key to text, or to {content, content_type}. Of an object larger than 1 MB only its size, type and
checksum are kept: reading it back is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from recipe_engine.plugin import Fault, Refused, Sandbox, SandboxRequest, SandboxResponse, route
from recipe_plugins.cloudflare_r2.sandbox_uploads import Upload
from recipe_plugins.cloudflare_r2.signing import UNSIGNED, host_of, signature_of

SKEW = 900.0
PAGE = 1000
MOST_PARTS = 10_000
CODES = {
    400: "InvalidArgument",
    403: "AccessDenied",
    404: "NoSuchKey",
    412: "PreconditionFailed",
    429: "TooManyRequests",
    500: "InternalError",
    501: "NotImplemented",
    503: "ServiceUnavailable",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """An object. `body` is None when only its size was kept."""

    body: bytes | None
    size: int
    etag: str
    content_type: str
    modified: float


class R2Sandbox(Sandbox):
    """An imitated bucket with the name, keys and region of the settings."""

    connector = "cloudflare_r2"

    def __init__(self, settings: Mapping[str, str] | None = None, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(settings, now)
        self.objects: dict[str, Stored] = {}
        self.uploads: dict[str, Upload] = {}

    def seed(self, data: dict[str, Any]) -> None:
        """Load the bucket; see the module."""
        unknown = set(data) - {"objects"}
        if unknown:
            raise ValueError(f"the sandbox of cloudflare_r2 keeps no state named {', '.join(sorted(unknown))}")
        for key, given in data.get("objects", {}).items():
            fields = {"content": given} if isinstance(given, str) else given
            body = fields["content"].encode()
            kind = fields.get("content_type", "text/plain")
            self.objects[key] = Stored(body, len(body), _etag(body), kind, self.now())

    def state(self) -> dict[str, Any]:
        """Size and type of each object by its key, and the keys of uploads that nobody finished."""
        return {
            "objects": {
                key: {"size": each.size, "content_type": each.content_type} for key, each in self.objects.items()
            },
            "unfinished": [each.key for each in self.uploads.values()],
        }

    def authorize(self, request: SandboxRequest) -> SandboxResponse | None:
        """S3's refusal of a signature, in the header or in the query."""
        headers, query = {"host": host_of(request.url), **request.headers}, request.query
        if "X-Amz-Signature" in query:
            given = {name: query.get(f"X-Amz-{name}", "") for name in ("Credential", "SignedHeaders", "Signature")}
            stamp, payload, valid_for = query.get("X-Amz-Date", ""), UNSIGNED, float(query.get("X-Amz-Expires", 0))
        else:
            given = dict(
                re.findall(r"(Credential|SignedHeaders|Signature)=([^,\s]+)", headers.get("authorization", ""))
            )
            stamp, payload, valid_for = headers.get("x-amz-date", ""), headers.get("x-amz-content-sha256", ""), SKEW
        if len(given) < 3 or not re.fullmatch(r"\d{8}T\d{6}Z", stamp):
            return _error(403, "AccessDenied", "The request has no valid signature.")
        key_id, _, scope = given["Credential"].partition("/")
        region = self.settings.get("R2_REGION", "auto")
        if key_id != self.settings.get("R2_ACCESS_KEY_ID"):
            return _error(403, "InvalidAccessKeyId", "The access key id does not exist.")
        if scope != f"{stamp[:8]}/{region}/s3/aws4_request":
            return _error(400, "InvalidRegionName", f"The credential scope {scope} is not of region {region}.")
        age = self.now() - datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        if age < -SKEW or age > valid_for:
            return _error(403, "RequestTimeTooSkewed", "The request's time and the service's differ too much.")
        signed = {name: headers.get(name, "") for name in given["SignedHeaders"].split(";")}
        secret = self.settings.get("R2_SECRET_ACCESS_KEY", "")
        expected = signature_of(request.method, request.url, signed, payload, secret, scope, stamp)
        if "host" not in signed or not hmac.compare_digest(expected, given["Signature"]):
            return _error(403, "SignatureDoesNotMatch", "The signature does not match what was signed.")
        if payload not in (UNSIGNED, request.digest):
            return _error(400, "XAmzContentSHA256Mismatch", "The body is not what its signed hash says.")
        return None

    def not_found(self, request: SandboxRequest) -> SandboxResponse:
        """A call that this sandbox does not imitate."""
        return _error(501, "NotImplemented", f"the sandbox of cloudflare_r2 has no {request.method} {request.path}")

    def malformed(self, request: SandboxRequest, why: str) -> SandboxResponse:
        """S3's refusal of an argument or a document that it cannot read."""
        return _error(400, "InvalidArgument", why)

    def fault_status(self, fault: Fault) -> SandboxResponse:
        """An injected refusal, in XML."""
        status = fault.status or 500
        answer = _error(status, CODES.get(status, "InternalError"), f"injected fault {status}")
        answer.headers |= fault.headers
        return answer

    @route("GET", "/{bucket}")
    @route("GET", "/{bucket}/")
    def list_objects(self, request: SandboxRequest) -> SandboxResponse:
        self._bucket(request)
        prefix, limit = request.query.get("prefix", ""), int(request.query.get("max-keys", PAGE))
        after = request.query.get("continuation-token", "")
        keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        shown, more = keys[: min(limit, PAGE)], len(keys) > min(limit, PAGE)
        entries = [
            f"<Contents><Key>{escape(key)}</Key><LastModified>{_iso(self.objects[key].modified)}</LastModified>"
            f"<ETag>&quot;{self.objects[key].etag}&quot;</ETag><Size>{self.objects[key].size}</Size>"
            "<StorageClass>STANDARD</StorageClass></Contents>"
            for key in shown
        ]
        token = f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>" if more else ""
        return _xml(
            200,
            f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{self._name}</Name>'
            f"<IsTruncated>{str(more).lower()}</IsTruncated><Prefix>{escape(prefix)}</Prefix><MaxKeys>{limit}</MaxKeys>"
            f"<KeyCount>{len(shown)}</KeyCount>{token}{''.join(entries)}</ListBucketResult>",
        )

    @route("PUT", "/{bucket}/{key:path}")
    def put(self, request: SandboxRequest) -> SandboxResponse:
        key = self._key(request)
        if "uploadId" in request.query:
            return self._put_part(self._upload(request, key), request)
        if request.headers.get("if-none-match") == "*" and key in self.objects:
            raise Refused(_error(412, "PreconditionFailed", "The object exists."))
        whole = request.size == len(request.body)
        etag = _etag(request.body) if whole else request.digest[:32]
        kind = request.headers.get("content-type", "application/octet-stream")
        self.objects[key] = Stored(request.body if whole else None, request.size, etag, kind, self.now())
        self.record("put object", key=key, size=request.size, content_type=kind)
        return SandboxResponse(200, headers={"ETag": f'"{etag}"'})

    @route("GET", "/{bucket}/{key:path}")
    @route("HEAD", "/{bucket}/{key:path}")
    def get(self, request: SandboxRequest) -> SandboxResponse:
        key = self._key(request)
        found = self.objects.get(key)
        if found is None:
            raise Refused(_error(404, "NoSuchKey", "The specified key does not exist."))
        if found.body is None and request.method == "GET":
            raise Refused(_error(501, "NotImplemented", f"the sandbox keeps the size of {key}, not its content"))
        headers = {"ETag": f'"{found.etag}"', "Content-Type": found.content_type, "Last-Modified": _iso(found.modified)}
        return SandboxResponse(200, body=found.body or b"" if request.method == "GET" else b"", headers=headers)

    @route("DELETE", "/{bucket}/{key:path}")
    def delete(self, request: SandboxRequest) -> SandboxResponse:
        key = self._key(request)
        if "uploadId" in request.query:
            self._upload(request, key)
            del self.uploads[request.query["uploadId"]]
            return SandboxResponse(204)
        if self.objects.pop(key, None) is not None:
            self.record("delete object", key=key)
        return SandboxResponse(204)

    @route("POST", "/{bucket}/{key:path}")
    def upload_in_parts(self, request: SandboxRequest) -> SandboxResponse:
        key = self._key(request)
        if "uploads" in request.query:
            id_ = f"upload-{len(self.requests)}"
            self.uploads[id_] = Upload(key, request.headers.get("content-type", "application/octet-stream"))
            return _xml(
                200, f"<InitiateMultipartUploadResult><UploadId>{id_}</UploadId></InitiateMultipartUploadResult>"
            )
        upload = self._upload(request, key)
        problem = upload.problem(request.body)
        if problem is not None:
            raise Refused(_error(400, *problem))
        del self.uploads[request.query["uploadId"]]
        self.objects[key] = Stored(None, upload.size, upload.etag, upload.content_type, self.now())
        self.record("put object", key=key, size=upload.size, content_type=upload.content_type, parts=len(upload.parts))
        etag = f"<ETag>&quot;{upload.etag}&quot;</ETag>"
        return _xml(200, f"<CompleteMultipartUploadResult>{etag}</CompleteMultipartUploadResult>")

    def _upload(self, request: SandboxRequest, key: str) -> Upload:
        found = self.uploads.get(request.query.get("uploadId", ""))
        if found is None or found.key != key:
            raise Refused(_error(404, "NoSuchUpload", "The specified multipart upload does not exist."))
        return found

    def _put_part(self, upload: Upload, request: SandboxRequest) -> SandboxResponse:
        number = request.query.get("partNumber", "")
        if not (number.isdigit() and 1 <= int(number) <= MOST_PARTS):
            raise Refused(_error(400, "InvalidArgument", f"A part is numbered 1 to {MOST_PARTS}."))
        whole = request.size == len(request.body)
        etag = _etag(request.body) if whole else request.digest[:32]
        upload.parts[int(number)] = (request.size, etag)
        return SandboxResponse(200, headers={"ETag": f'"{etag}"'})

    @property
    def _name(self) -> str:
        return self.settings.get("R2_BUCKET_NAME", "")

    def _bucket(self, request: SandboxRequest) -> None:
        if request.variables["bucket"] != self._name:
            raise Refused(_error(404, "NoSuchBucket", "The specified bucket does not exist."))

    def _key(self, request: SandboxRequest) -> str:
        self._bucket(request)
        key = request.variables["key"]
        if len(key.encode()) > 1024:
            raise Refused(_error(400, "KeyTooLongError", "The key is longer than 1024 bytes."))
        return key


def _etag(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _xml(status: int, text: str) -> SandboxResponse:
    body = f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode()
    return SandboxResponse(status, body=body, headers={"Content-Type": "application/xml"})


def _error(status: int, code: str, message: str) -> SandboxResponse:
    return _xml(status, f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>")
