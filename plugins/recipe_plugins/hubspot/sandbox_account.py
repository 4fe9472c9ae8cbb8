"""The account behind the imitated HubSpot: records, the rules of their properties, associations.

The one rule: what HubSpot would refuse raises `Refusal` with HubSpot's own status, category and message.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from recipe_engine.plugin import Refused, SandboxResponse
from recipe_plugins.hubspot.sandbox_tables import (
    DEAL_STAGES,
    DEFAULTS,
    FIRST_ID,
    PROPERTIES,
    SINGULAR,
    TYPE_IDS,
    Kind,
    problems,
)

Problem = dict[str, Any]


class Refusal(Refused):
    """A refusal in HubSpot's shape; `errors` are the causes, one a property."""

    def __init__(self, status: int, message: str, category: str, errors: list[Problem] | None = None) -> None:
        answer = {
            "status": "error",
            "message": message,
            "correlationId": str(uuid.uuid5(uuid.NAMESPACE_URL, message)),
            "category": category,
        }
        super().__init__(SandboxResponse(status, answer | ({"errors": errors} if errors else {})))


@dataclass(slots=True)
class Record:
    """A record; times are seconds since 1970."""

    id: str
    properties: dict[str, str]
    created: float
    updated: float


@dataclass
class Account:
    """The state of one HubSpot account. `pipelines` are those of tickets, `deal_pipelines` of deals: id to ids of stages."""

    now: Callable[[], float]
    records: dict[str, dict[str, Record]] = field(default_factory=lambda: {kind: {} for kind in PROPERTIES})
    properties: dict[str, dict[str, Kind]] = field(default_factory=lambda: {k: dict(v) for k, v in PROPERTIES.items()})
    pipelines: dict[str, list[str]] = field(default_factory=lambda: {"0": ["1", "2", "3", "4"]})
    deal_pipelines: dict[str, list[str]] = field(default_factory=lambda: {"default": list(DEAL_STAGES)})
    links: set[tuple[str, str, str, str]] = field(default_factory=set)

    def of_type(self, kind: str) -> dict[str, Record]:
        """The records of an object type, by id."""
        if kind not in self.records:
            raise Refusal(400, f"Unable to infer object type from: {kind}", "VALIDATION_ERROR")
        return self.records[kind]

    def find(self, kind: str, value: str, by: str | None = None) -> Record:
        """The record with this id, or with this value of the property `by`."""
        records = self.of_type(kind)
        if by is None:
            found = records.get(value)
        else:
            found = next((each for each in records.values() if _same(by, each.properties.get(by), value)), None)
        if found is None:
            raise Refusal(404, f"Object not found.  objectId are usually numeric: {value}", "OBJECT_NOT_FOUND")
        return found

    def add(self, kind: str, properties: Mapping[str, str], id_: str | None = None, at: float | None = None) -> Record:
        """Put a record in, unchecked."""
        records = self.records[kind]
        number = FIRST_ID[kind] + len(records)
        while id_ is None or id_ in records:
            id_, number = str(number), number + 1
        when = self.now() if at is None else at
        records[id_] = Record(id_, _kept(properties), when, when)
        return records[id_]

    def create(self, kind: str, properties: dict[str, Any], associations: list[Any]) -> tuple[Record, dict[str, str]]:
        """A new record and what it was associated with: object type to id."""
        self.of_type(kind)
        self._check(
            kind, properties, properties, needed={"tickets": "hs_pipeline_stage", "notes": "hs_timestamp"}.get(kind)
        )
        to = dict(self._association(kind, each) for each in associations)
        record = self.add(kind, properties)
        for to_kind, to_id in to.items():
            self.link(kind, record.id, to_kind, to_id)
        return record, to

    def update(self, kind: str, record: Record, changed: dict[str, Any]) -> None:
        """Change properties; the empty text clears one."""
        merged = record.properties | changed
        self._check(kind, changed, merged, of=record.id)
        record.properties = _kept(merged)
        record.updated = self.now()

    def link(self, kind: str, id_: str, to_kind: str, to_id: str) -> bool:
        """Associate in both directions; whether that is new."""
        new = (kind, id_, to_kind, to_id) not in self.links
        self.links |= {(kind, id_, to_kind, to_id), (to_kind, to_id, kind, id_)}
        return new

    def shown(self, kind: str, record: Record, wanted: list[str]) -> dict[str, Any]:
        """The record as HubSpot answers it: the default properties and those asked for, where they have a value."""
        created, updated = iso(record.created), iso(record.updated)
        stamp = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
        known = {**record.properties, "hs_object_id": record.id, "createdate": created, stamp: updated}
        names = dict.fromkeys([*DEFAULTS[kind], *wanted])
        properties = {name: known[name] for name in names if name in known}
        return {
            "id": record.id, "properties": properties, "createdAt": created, "updatedAt": updated, "archived": False,
        }  # fmt: skip

    def _check(
        self, kind: str, given: dict[str, Any], whole: dict[str, Any], needed: str | None = None, of: str = ""
    ) -> None:
        """Refuse bad values all at once, then values that another record has and no two may have."""
        found = [_problem(name, *each) for name, value in given.items()
                 for each in problems(self.properties[kind], name, value)]  # fmt: skip
        if kind == "tickets":
            found += _pipeline_problems(self.pipelines, whole, "hs_pipeline", "hs_pipeline_stage")
        if kind == "deals":
            found += _pipeline_problems(self.deal_pipelines, whole, "pipeline", "dealstage")
        if needed and not whole.get(needed):
            message = f"Error creating {SINGULAR[kind].upper()}. Some required properties were not set."
            found.append(_problem(needed, "REQUIRED_FIELD", message))
        if found:
            messages = json.dumps([each["message"] for each in found], ensure_ascii=False)
            raise Refusal(400, f"Property values were not valid: {messages}", "VALIDATION_ERROR", found)
        unique = [name for name in given if self.properties[kind][name] == "unique"]
        for name, (id_, other) in ((name, each) for name in unique for each in self.records[kind].items()):
            if id_ != of and _same(name, other.properties.get(name), given[name]):
                raise Refusal(409, f"{SINGULAR[kind].title()} already exists. Existing ID: {id_}", "CONFLICT")

    def _association(self, kind: str, asked: dict[str, Any]) -> tuple[str, str]:
        ids = {each.get("associationTypeId") for each in asked["types"]}
        to_kind = next((to for (from_, to), type_id in TYPE_IDS.items() if from_ == kind and type_id in ids), None)
        if to_kind is None:
            raise Refusal(400, f"{kind} have no association of type {sorted(map(str, ids))}", "VALIDATION_ERROR")
        return to_kind, self.find(to_kind, str(asked["to"]["id"])).id


def _pipeline_problems(pipelines: dict[str, list[str]], record: dict[str, Any], named: str, at: str) -> list[Problem]:
    """What is wrong with the pipeline and stage of a record; the first pipeline is the account's default."""
    pipeline, stage = record.get(named, next(iter(pipelines))), record.get(at)
    stages = pipelines.get(pipeline)
    if stages is None:
        return [_problem(named, "INVALID_OPTION", f"{pipeline} is not a valid pipeline ID.")]
    if stage is not None and stage not in stages:
        return [_problem(at, "INVALID_OPTION", f"{stage} was not one of the stages {stages}")]
    return []


def iso(at: float) -> str:
    """A time as HubSpot writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _problem(name: str, code: str, message: str) -> Problem:
    return {"message": message, "code": code, "context": {"propertyName": [name]}}


def _kept(properties: Mapping[str, str]) -> dict[str, str]:
    return {name: value.lower() if name == "email" else value for name, value in properties.items() if value != ""}


def _same(name: str, one: str | None, other: str) -> bool:
    return one is not None and (one.lower() == other.lower() if name == "email" else one == other)
