"""The way to authenticate that a document describes, as `--auth` would say it.

The one rule: a suggestion, made of what most operations ask for; what is said on the command line wins.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from recipe_engine.openapi.document import Document, listing, mapping


def suggested_auth(document: Document, name: str) -> str:
    """The way to authenticate that the document's security schemes name, with settings of the connector's name."""
    schemes = mapping(mapping(document.data.get("components")).get("securitySchemes"))
    for need in [*_needs(document), *((key,) for key in schemes)]:
        ways = [_way(mapping(document.found(schemes.get(key))), name, key, len(need)) for key in need]
        if ways and all(ways):
            return ",".join(way for way in ways if way)
    return f"bearer:{name.upper()}_TOKEN" if _takes_authorization(document) else "none"


def _needs(document: Document) -> list[tuple[str, ...]]:
    """The sets of schemes that are asked for together: those of the whole document, then those of most operations."""
    own = [listing(raw.get("security")) for _, _, raw, _ in document.operations()]
    counted = Counter(tuple(each) for needs in own for each in needs if isinstance(each, dict) and each)
    whole = [tuple(each) for each in listing(document.data.get("security")) if isinstance(each, dict) and each]
    return [*whole, *(need for need, _ in counted.most_common())]


def _way(scheme: dict[str, Any], name: str, key: str, together: int) -> str | None:
    """One scheme; None for what cannot be sent. Of several that are sent together each has a setting of its own."""
    prefix = name.upper()
    match str(scheme.get("type")), str(scheme.get("scheme", scheme.get("in"))).lower():
        case "http", "bearer":
            return f"bearer:{prefix}_TOKEN"
        case "http", "basic":
            return f"basic:{prefix}_USER:{prefix}_PASSWORD"
        case "apiKey", ("header" | "query" | "cookie") as place if re.fullmatch(r"[^\s:,]+", str(scheme.get("name"))):
            own = re.sub(r"\W+", "_", key).strip("_").upper()
            return (
                f"{place}:{scheme.get('name')}:{prefix}_{own if together > 1 and own.isascii() and own else 'API_KEY'}"
            )
        case (("oauth2" | "openIdConnect"), _):
            flow = mapping(mapping(scheme.get("flows")).get("clientCredentials"))
            url = str(flow.get("tokenUrl", ""))
            if url.startswith("http") and "," not in url and together == 1:
                return f"oauth2:{url}:{prefix}_CLIENT_ID:{prefix}_CLIENT_SECRET"
            return f"bearer:{prefix}_TOKEN"
    return None


def _takes_authorization(document: Document) -> bool:
    """Whether operations have the header as a parameter, as documents without security schemes write it."""
    given = (
        each
        for _, _, raw, item in document.operations()
        for each in (*listing(item.get("parameters")), *listing(raw.get("parameters")))
    )
    named = (mapping(document.found(each)) for each in given)
    return any(each.get("in") == "header" and str(each.get("name")).lower() == "authorization" for each in named)
