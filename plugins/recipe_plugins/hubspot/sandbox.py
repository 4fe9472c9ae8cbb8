"""HubSpot imitated: contacts, companies, deals, tickets, notes, their associations, and search with its limits.

The one rule: the same statuses, shapes and refusals as HubSpot's. Search shows what was written `SEARCH_LAG` seconds
ago or earlier, as HubSpot's lags too.

Seed: `contacts`, `companies`, `deals`, `tickets`, `notes`: lists of properties, with an `id` where it matters;
`associations`: lists of [type, id, type, id]; `pipelines`: those of tickets, id to ids of stages;
`deal_pipelines`: those of deals; `properties`: custom ones by object type, name to kind (`text`, `number`, `bool`, `datetime`, `unique`, or the list of its options).

Effects: `create contact | deal | ticket | note | company` {id, its properties by internal name (a ticket: subject, content, hs_pipeline,
hs_pipeline_stage), the ids of what it is associated with (contact, ticket, ...)}; `update contact | ticket | deal` {id, what changed};
`associate ticket with contact` {from_id, to_id}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from recipe_engine.plugin import Fault, Sandbox, SandboxRequest, SandboxResponse, route
from recipe_plugins.hubspot.sandbox_account import Account, Refusal, iso
from recipe_plugins.hubspot.sandbox_search import page_of
from recipe_plugins.hubspot.sandbox_tables import PROPERTIES, SINGULAR, TYPE_IDS

SEARCH_LAG = 5.0
SEEDED_AGO = 3600.0
MOST_ASSOCIATIONS = 500
MOST_IN_A_BATCH = 100


class HubSpotSandbox(Sandbox):
    """An imitated HubSpot account. The pipeline and stage of the settings exist in it, as does the key property."""

    connector = "hubspot"
    invented: ClassVar[Mapping[str, str]] = {"HUBSPOT_HUB_ID": "12345678"}

    def __init__(self, settings: Mapping[str, str] | None = None, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(settings, now)
        self.account = Account(now)
        pipeline, stage = self.settings.get("HUBSPOT_PIPELINE_ID"), self.settings.get("HUBSPOT_STAGE_NEW")
        if pipeline and stage and stage not in self.account.pipelines.setdefault(pipeline, []):
            self.account.pipelines[pipeline].append(stage)
        for kind, setting in (("tickets", "HUBSPOT_KEY_PROPERTY"), ("deals", "HUBSPOT_DEAL_KEY_PROPERTY")):
            if self.settings.get(setting):
                self.account.properties[kind][self.settings[setting]] = "unique"

    def seed(self, data: dict[str, Any]) -> None:
        """Load the account; see the module."""
        unknown = set(data) - {*PROPERTIES, "associations", "pipelines", "deal_pipelines", "properties"}
        if unknown:
            raise ValueError(f"the sandbox of hubspot keeps no state named {', '.join(sorted(unknown))}")
        for kind, custom in data.get("properties", {}).items():
            self.account.properties[kind] |= custom
        for id_, stages in data.get("pipelines", {}).items():
            self.account.pipelines[id_] = [str(stage) for stage in stages]
        for id_, stages in data.get("deal_pipelines", {}).items():
            self.account.deal_pipelines[id_] = [str(stage) for stage in stages]
        for kind in PROPERTIES:
            for each in data.get(kind, ()):
                properties = {name: _text(value) for name, value in each.items() if name != "id"}
                id_ = str(each["id"]) if "id" in each else None
                self.account.add(kind, properties, id_, at=self.now() - SEEDED_AGO)
        for kind, id_, to_kind, to_id in data.get("associations", ()):
            self.account.link(kind, str(id_), to_kind, str(to_id))

    def state(self) -> dict[str, Any]:
        """Records by type, as lists of properties with their ids, and the associations in both directions."""
        records = {
            kind: [{"id": each.id, **each.properties} for each in of_kind.values()]
            for kind, of_kind in self.account.records.items()
        }
        return {**records, "associations": [list(link) for link in sorted(self.account.links)]}

    def authorize(self, request: SandboxRequest) -> SandboxResponse | None:
        """HubSpot's 401."""
        given = request.headers.get("authorization", "")
        if given == f"Bearer {self.settings.get('HUBSPOT_API_KEY')}":
            return None
        why = "The token is invalid." if given else "Authentication credentials not found."
        return Refusal(401, why, "INVALID_AUTHENTICATION").answer

    def not_found(self, request: SandboxRequest) -> SandboxResponse:
        """A path that this sandbox does not imitate."""
        what = f"the sandbox of hubspot has no {request.method} {request.path}"
        return Refusal(404, what, "OBJECT_NOT_FOUND").answer

    def malformed(self, request: SandboxRequest, why: str) -> SandboxResponse:
        """HubSpot's refusal of a value of another type."""
        return Refusal(400, f"Invalid input: {why}", "VALIDATION_ERROR").answer

    def fault_status(self, fault: Fault) -> SandboxResponse:
        """An injected refusal: of 429 the ten-second limit, otherwise an error of the status."""
        status = fault.status or 500
        answer = Refusal(status, f"injected fault {status}", "INTERNAL_ERROR").answer
        if status == 429:
            answer = Refusal(429, "You have reached your ten_secondly_rolling limit.", "RATE_LIMITS").answer
            answer.json |= {"errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}
            answer.headers = {"X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}
        answer.headers |= fault.headers
        answer.json = fault.body or answer.json
        return answer

    @route("POST", "/crm/v3/objects/{type}/search")
    def search(self, request: SandboxRequest) -> SandboxResponse:
        kind, asked = request.variables["type"], _body(request)
        if len(request.body) > 3_000:
            raise Refusal(400, "The request body is larger than 3000 characters", "VALIDATION_ERROR")
        known = [each for each in self.account.of_type(kind).values() if each.updated <= self.now() - SEARCH_LAG]
        total, found, after = page_of(known, asked, self.account.properties[kind])
        answer: dict[str, Any] = {"total": total}
        answer["results"] = [self.account.shown(kind, each, asked.get("properties") or []) for each in found]
        if after is not None:
            answer["paging"] = {"next": {"after": after}}
        return SandboxResponse(200, answer)

    @route("POST", "/crm/v3/objects/{type}/batch/read")
    def read_batch(self, request: SandboxRequest) -> SandboxResponse:
        kind, asked = request.variables["type"], _body(request)
        ids = [str(each["id"]) for each in asked["inputs"]]
        if not 1 <= len(ids) <= MOST_IN_A_BATCH:
            raise Refusal(400, f"{len(ids)} inputs; a batch has 1 to {MOST_IN_A_BATCH}", "VALIDATION_ERROR")
        known = self.account.of_type(kind)
        found = [self.account.shown(kind, known[id_], asked.get("properties") or []) for id_ in ids if id_ in known]
        at = iso(self.now())
        return SandboxResponse(200, {"status": "COMPLETE", "results": found, "startedAt": at, "completedAt": at})

    @route("POST", "/crm/v3/objects/{type}")
    def create(self, request: SandboxRequest) -> SandboxResponse:
        kind, asked = request.variables["type"], _body(request)
        properties = asked.get("properties") or {}
        record, to = self.account.create(kind, properties, asked.get("associations") or [])
        about = {SINGULAR[to_kind]: to_id for to_kind, to_id in to.items()}
        self.record(f"create {SINGULAR[kind]}", id=record.id, **about, **properties)
        return SandboxResponse(201, self.account.shown(kind, record, list(properties)))

    @route("GET", "/crm/v3/objects/{type}/{id}")
    def get(self, request: SandboxRequest) -> SandboxResponse:
        kind = request.variables["type"]
        record = self.account.find(kind, request.variables["id"], request.query.get("idProperty"))
        wanted = [name for value in request.query_values("properties") for name in value.split(",")]
        return SandboxResponse(200, self.account.shown(kind, record, wanted))

    @route("PATCH", "/crm/v3/objects/{type}/{id}")
    def update(self, request: SandboxRequest) -> SandboxResponse:
        kind, changed = request.variables["type"], _body(request).get("properties") or {}
        record = self.account.find(kind, request.variables["id"], request.query.get("idProperty"))
        self.account.update(kind, record, changed)
        self.record(f"update {SINGULAR[kind]}", id=record.id, **changed)
        return SandboxResponse(200, self.account.shown(kind, record, list(changed)))

    @route("PUT", "/crm/v4/objects/{from}/{from_id}/associations/default/{to}/{to_id}")
    def associate(self, request: SandboxRequest) -> SandboxResponse:
        from_, from_id, to, to_id = (request.variables[name] for name in ("from", "from_id", "to", "to_id"))
        self.account.find(from_, from_id)
        self.account.find(to, to_id)
        if (from_, to) not in TYPE_IDS:
            raise Refusal(400, f"No default association from {from_} to {to}", "VALIDATION_ERROR")
        if self.account.link(from_, from_id, to, to_id):
            self.record(f"associate {SINGULAR[from_]} with {SINGULAR[to]}", from_id=from_id, to_id=to_id)
        results = [
            {
                "from": {"id": a_id},
                "to": {"id": b_id},
                "associationSpec": {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TYPE_IDS[a, b]},
            }
            for a, a_id, b, b_id in ((from_, from_id, to, to_id), (to, to_id, from_, from_id))
        ]
        at = iso(self.now())
        return SandboxResponse(200, {"status": "COMPLETE", "startedAt": at, "completedAt": at, "results": results})

    @route("GET", "/crm/v4/objects/{from}/{from_id}/associations/{to}")
    def associated(self, request: SandboxRequest) -> SandboxResponse:
        from_, from_id, to = (request.variables[name] for name in ("from", "from_id", "to"))
        self.account.find(from_, from_id)
        self.account.of_type(to)
        limit, after = int(request.query.get("limit", MOST_ASSOCIATIONS)), int(request.query.get("after", 0))
        if not 1 <= limit <= MOST_ASSOCIATIONS:
            raise Refusal(400, f"limit {limit} is not between 1 and {MOST_ASSOCIATIONS}", "VALIDATION_ERROR")
        types = [{"category": "HUBSPOT_DEFINED", "typeId": TYPE_IDS.get((from_, to), 0)}]
        ids = sorted((link[3] for link in self.account.links if link[:3] == (from_, from_id, to)), key=int)
        shown = ids[after : after + limit]
        answer: dict[str, Any] = {"results": [{"toObjectId": id_, "associationTypes": types} for id_ in shown]}
        if after + limit < len(ids):
            answer["paging"] = {"next": {"after": str(after + limit)}}
        return SandboxResponse(200, answer)


def _body(request: SandboxRequest) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "Invalid input JSON", "VALIDATION_ERROR")
    return body


def _text(value: Any) -> str:
    """A seeded value as HubSpot keeps it: all of them texts."""
    return str(value).lower() if isinstance(value, bool) else str(value)
