"""What a sandbox made of a document keeps: things that were created, where the paths have the form of REST.

The one rule: POST to a collection (`/orders`) whose things have a path of their own (`/orders/{id}`) creates; what was
created is listed, read, changed and removed by these paths. An answer with what is kept is given when the document's
schema accepts it; where anything does not fit this form, the document's example is the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.openapi.document import mapping
from recipe_engine.openapi.operations import VARIABLE

Part = Literal["create", "list", "read", "change", "remove"]

_ITEM = re.compile(r"(.+)/\{[^{}/]+\}")
_MORE = re.compile(r"(has_?more|has_?next(_?page)?|more|truncated|is_?truncated)", re.IGNORECASE)
_NEXT = re.compile(r"(.*_)?(next|nextpage|cursor|token|uri|url|link|offset|after)(_?.*)?", re.IGNORECASE)
_COUNTS = ("total", "total_count", "totalcount", "total_items", "totalitems", "total_results", "count")
Fits = Callable[[JSON], bool]


@dataclass(frozen=True, slots=True)
class Role:
    """What an operation does to which collection: `variable` is the name of the things' own path variable, `creates` says
    whether the document has an operation that creates them."""

    part: Part
    variable: str
    creates: bool


def roles(operations: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Role]:
    """The roles of operations (methods and paths) that have one."""
    known = {(method, path.rstrip("/")): (method, path) for method, path in operations}
    found: dict[tuple[str, str], Role] = {}
    items = {path for _, path in known if _ITEM.fullmatch(path)}
    for item in items:
        collection, variable = item.rpartition("/")[0], VARIABLE.findall(item)[-1]
        creates = ("post", collection) in known
        parts: list[tuple[str, str, Part]] = [
            ("post", collection, "create"), ("get", collection, "list"), ("get", item, "read"), ("put", item, "change"),
            ("patch", item, "change"), ("delete", item, "remove"),
        ]  # fmt: skip
        if ("patch", item) not in known and ("put", item) not in known:
            parts.append(("post", item, "change"))
        for method, path, part in parts:
            if (method, path) in known and (creates or ("put", item) in known):
                found.setdefault(known[method, path], Role(part, variable, creates))
    return found


@dataclass
class Collection:
    """The things of one collection, by their ids as paths have them."""

    things: dict[str, JSONObject] = field(default_factory=dict)
    count: int = 0


class Records:
    """The collections of a sandbox, by their paths."""

    def __init__(self) -> None:
        self.collections: dict[str, Collection] = {}

    def answer(self, role: Role, path: str, body: JSON, sample: JSON, fits: Fits) -> tuple[bool, JSON]:
        """Whether there is such a thing, and the body of the answer. `sample` is the document's example of that, `path` the
        one of the request, below the server's."""
        path = path.rstrip("/")
        place = path if role.part in ("create", "list") else path.rpartition("/")[0]
        kept = self.collections.setdefault(place, Collection())
        if role.part == "create":
            return True, _created(kept, role, body, sample, fits)
        if role.part == "list":
            return True, _listed(kept, sample, fits) if kept.count else sample
        id_ = unquote(path.rpartition("/")[2])
        thing = kept.things.get(id_)
        if role.part == "remove":
            kept.things.pop(id_, None)
            return thing is not None or not kept.count, sample
        if role.part == "change":
            if thing is None and not role.creates:
                kept.count += 1
                thing = kept.things[id_] = _named_by(id_, _inner(sample), role.variable)
            if thing is not None:
                thing |= {name: item for name, item in _inner(body).items() if name != role.variable}
        if thing is None:
            return not kept.count, sample
        return True, _shown(thing, sample, fits)

    def put(self, place: str, role: Role, thing: JSON) -> bool:
        """Keep a thing that is there at first; False when it has no id."""
        named = _id_name(mapping(thing), role.variable)
        if named is not None:
            kept = self.collections.setdefault(place.rstrip("/"), Collection())
            kept.count += 1
            kept.things[str(mapping(thing)[named])] = dict(mapping(thing))
        return named is not None


def _created(kept: Collection, role: Role, body: JSON, sample: JSON, fits: Fits) -> JSON:
    """Keep a new thing. One whose answer tells no id cannot be found again, so that it is not kept."""
    named = _id_name(_inner(sample), role.variable)
    if named is None:
        return sample
    kept.count += 1
    id_ = _inner(sample)[named]
    given = _inner(body).get(named)
    if given is not None and role.variable == named and not isinstance(given, dict | list):
        id_ = given
    count = kept.count
    while str(id_) in kept.things:
        id_ = _another(_inner(sample)[named], count)
        count += 1
    thing = {**_inner(body), named: id_}
    kept.things[str(id_)] = thing
    return _shown(thing, sample, fits)


def _shown(thing: JSONObject, sample: JSON, fits: Fits) -> JSON:
    """The sample with what is known of the thing in it: all of it, or as much as the schema accepts."""
    whole = deepcopy(sample)
    inner = _inner(whole)
    if not inner:
        return sample
    before = dict(inner)
    inner |= thing
    if fits(whole):
        return whole
    inner.clear()
    inner |= before
    for name, item in thing.items():
        inner[name] = item
        if not fits(whole):
            inner.pop(name)
            inner |= {name: before[name]} if name in before else {}
    return whole


def _listed(kept: Collection, sample: JSON, fits: Fits) -> JSON:
    """The sample with the things in its list, as the only page."""
    whole = deepcopy(sample)
    holder, key = _list_in(whole)
    items = whole if holder is None else holder[key]
    if not isinstance(items, list) or (holder is None and not isinstance(whole, list)):
        return sample
    model = items[0] if items and isinstance(items[0], dict) else {}
    listed = []
    for thing in kept.things.values():
        items[:] = [model]
        one = {**model, **thing}
        items[:] = [one]
        if not fits(whole):
            one = {**model, **{name: item for name, item in thing.items() if name in model}}
        listed.append(one)
    items[:] = listed
    _only_page(whole, len(listed), fits)
    return whole if fits(whole) else sample


def _list_in(value: JSON, depth: int = 0) -> tuple[Any, Any]:
    """Where the list of an answer is: what holds it, and under which name."""
    if isinstance(value, dict) and depth < 3:
        for name, item in value.items():
            if isinstance(item, list) and (not item or isinstance(item[0], dict)):
                return value, name
        for item in value.values():
            found = _list_in(item, depth + 1)
            if found[0] is not None:
                return found
    return None, None


def _only_page(value: Any, count: int, fits: Fits, whole: Any = None, depth: int = 0) -> None:
    """Let an answer say that nothing follows, as far as its schema lets it."""
    whole = value if whole is None else whole
    if not isinstance(value, dict) or depth > 2:
        return
    for name, item in list(value.items()):
        if isinstance(item, bool) and _MORE.fullmatch(name):
            value[name] = False
        elif isinstance(item, int) and name.lower() in _COUNTS:
            value[name] = count
        elif isinstance(item, str) and _NEXT.fullmatch(name):
            for ended in (..., None, ""):
                value.pop(name, None)
                value |= {} if ended is ... else {name: ended}
                if fits(whole):
                    break
        elif isinstance(item, dict):
            _only_page(item, count, fits, whole, depth + 1)


def _inner(value: JSON) -> JSONObject:
    """The object that is meant: what alone stands in an object (`{"ticket": {...}}`), else the value itself."""
    found = mapping(value)
    if len(found) == 1 and isinstance(only := next(iter(found.values())), dict):
        return only
    if "id" not in found and isinstance(found.get("data"), dict):
        return mapping(found["data"])
    return found


def _id_name(thing: JSONObject, variable: str) -> str | None:
    """The property by which a thing is found."""
    scalars = [name for name, item in thing.items() if isinstance(item, str | int) and not isinstance(item, bool)]
    plain = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in scalars}
    wanted = re.sub(r"[^a-z0-9]", "", variable.lower())
    for each in (wanted, "id", "uuid", "gid", "sid", "key", "slug", "number"):
        if each in plain:
            return plain[each]
    return next((name for word, name in plain.items() if word.endswith("id") and wanted.endswith(word)), None)


def _named_by(id_: str, sample: JSONObject, variable: str) -> JSONObject:
    """A thing that is known by nothing but its id, in the type that the sample's has."""
    name = _id_name(sample, variable)
    if name is None:
        return {}
    return {name: int(id_) if isinstance(sample[name], int) and id_.isdigit() else id_}


def _another(id_: JSON, count: int) -> JSON:
    """Another id of the same form."""
    if isinstance(id_, int):
        return id_ + count - 1
    text = str(id_)
    found = re.search(r"(\d+)(\D*)$", text)
    if found is None:
        return f"{text}-{count}"
    number = str(int(found[1]) + count - 1).zfill(len(found[1]))
    return f"{text[: found.start()]}{number}{found[2]}"
