"""Zoho CRM imitated: deals with their contacts, accounts and notes, search, COQL, and Zoho's accounts.

The one rule: the same statuses, shapes and refusals as Zoho's: 204 for nothing found, 200 with a refused row inside.
Search shows what was written `SEARCH_LAG` seconds ago or earlier; queries show everything.

Seed: `Deals`, `Contacts`, `Accounts`: lists of records by API names, lookups as ids; a deal may have `notes`. `fields`: API
names of further fields of deals.

Effects: `update deal` {id, what changed, by API names}; `add note` {deal, title, content}.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from recipe_engine.plugin import Fault, SandboxRequest, SandboxResponse, route
from recipe_plugins.zoho_common.sandbox import TOKEN_PATH, ZohoSandbox
from recipe_plugins.zoho_crm.sandbox_coql import parse, refusal, searched

SEARCH_LAG = 10.0
SEEDED_AGO = 3600.0
ME = {"name": "Sandbox", "id": "100001"}
LOOKUPS = {"Account_Name": "Accounts", "Contact_Name": "Contacts"}
# Fields that the server sets.
READ_ONLY = {"id", "Created_Time", "Modified_Time", "Last_Activity_Time", "Created_By", "Modified_By"}
FIELDS = {
    "Deals": {
        "id", "Deal_Name", "Stage", "Amount", "Closing_Date", "Probability", "Next_Step", "Description", "Type",
        "Lead_Source", "Pipeline", "Created_Time", "Modified_Time", "Last_Activity_Time", "Account_Name",
        "Contact_Name", "Owner", "Created_By", "Modified_By",
    },
    "Contacts": {"id", "First_Name", "Last_Name", "Full_Name", "Email", "Phone", "Account_Name", "Modified_Time"},
    "Accounts": {"id", "Account_Name", "Industry", "Phone", "Website", "Modified_Time"},
}  # fmt: skip
_NOTE_FLAGS = {
    "$attachments": [],
    "$editable": True,
    "$is_shared_to_client": False,
    "$size": "0",
    "$state": "save",
    "$voice_note": False,
}


class ZohoCrmSandbox(ZohoSandbox):
    """An imitated CRM of one user."""

    connector = "zoho_crm"

    def __init__(self, settings: Mapping[str, str] | None = None, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(settings, now)
        self.records: dict[str, dict[str, dict[str, Any]]] = {module: {} for module in FIELDS}
        self.notes: dict[str, dict[str, Any]] = {}
        self.fields = {module: set(names) for module, names in FIELDS.items()}
        self._last_id = 700_000

    def seed(self, data: dict[str, Any]) -> None:
        """Load the CRM; see the module."""
        if unknown := set(data) - {*FIELDS, "fields"}:
            raise ValueError(f"the sandbox of zoho_crm keeps no state named {', '.join(sorted(unknown))}")
        self.fields["Deals"] |= set(data.get("fields", ()))
        at = self._iso(self.now() - SEEDED_AGO)
        for module in ("Accounts", "Contacts", "Deals"):
            for given in data.get(module, ()):
                each = dict(given)
                notes = each.pop("notes", ())
                id_ = str(each.pop("id", "") or self._next_id())
                times = {"Created_Time": at, "Modified_Time": at, "Created_By": ME, "Modified_By": ME}
                owned = {"Owner": ME, "Last_Activity_Time": at} if module == "Deals" else {}
                links = {name: self._link(of, each[name]) for name, of in LOOKUPS.items() if _is_id(each, name, module)}
                self.fields[module] |= set(each)
                self.records[module][id_] = {**times, **owned, **each, **links, "id": id_}
                for note in notes:
                    self._add_note(id_, note.get("Note_Title", ""), note["Note_Content"], self.now() - SEEDED_AGO)

    def state(self) -> dict[str, Any]:
        """Records by module, deals with their notes."""
        state = {module: list(records.values()) for module, records in self.records.items()}
        state["Deals"] = [{**deal, "notes": self._notes_of(deal["id"])} for deal in state["Deals"]]
        return state

    def authorize(self, request: SandboxRequest) -> SandboxResponse | None:
        """The CRM's refusal of tokens."""
        if request.path == TOKEN_PATH or self.carries_token(request):
            return None
        return refusal(401, "INVALID_TOKEN", "invalid oauth token").answer

    def not_found(self, request: SandboxRequest) -> SandboxResponse:
        """The CRM's answer for a path that it does not know."""
        words = "Please check if the URL trying to access is a correct one"
        return refusal(404, "INVALID_URL_PATTERN", words).answer

    def malformed(self, request: SandboxRequest, why: str) -> SandboxResponse:
        """The CRM's refusal of a value of another type."""
        return refusal(400, "INVALID_DATA", why).answer

    def fault_status(self, fault: Fault) -> SandboxResponse:
        """An injected refusal, in the CRM's shape."""
        status = fault.status or 500
        code, words = {
            401: ("INVALID_TOKEN", "invalid oauth token"),
            403: ("NO_PERMISSION", "permission denied"),
            429: ("TOO_MANY_REQUESTS", "You have exceeded the concurrency limit"),
        }.get(status, ("INTERNAL_ERROR", f"injected fault {status}"))
        answer = refusal(status, code, words).answer
        return SandboxResponse(status, fault.body or answer.json, headers=fault.headers)

    @route("GET", "/crm/v8/Deals/search")
    def search(self, request: SandboxRequest) -> SandboxResponse:
        asked = [name for name in ("criteria", "email", "phone", "word") if request.query.get(name)]
        if len(asked) != 1:
            raise refusal(400, "REQUIRED_PARAM_MISSING", "mandatory param missing", param="criteria")
        value = request.query[asked[0]]
        if asked[0] == "criteria":
            for name in re.findall(r"\((\w+):", value):
                self._known_field(name)
            holds = searched(value)
        else:
            holds = lambda deal: value.casefold() in str(deal).casefold()  # noqa: E731  # one of two ways to look
        before = self.now() - SEARCH_LAG
        found = [deal for deal in self.records["Deals"].values() if holds(deal) and _written(deal) <= before]
        return self._page(request, found)

    @route("GET", "/crm/v8/Deals/{id}/Notes")
    def list_notes(self, request: SandboxRequest) -> SandboxResponse:
        self._deal(request.variables["id"])
        if not request.query.get("fields"):
            raise refusal(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", param="fields")
        return self._page(request, self._notes_of(request.variables["id"]))

    @route("GET", "/crm/v8/Deals/{id}")
    def get(self, request: SandboxRequest) -> SandboxResponse:
        found = self.records["Deals"].get(request.variables["id"])
        return SandboxResponse(200, {"data": [found]}) if found else SandboxResponse(204)

    @route("PUT", "/crm/v8/Deals/{id}")
    def update(self, request: SandboxRequest) -> SandboxResponse:
        deal = self._deal(request.variables["id"])
        changes = _only_row(request)
        for name in changes:
            if name in READ_ONLY or name not in self.fields["Deals"]:
                return _refused_row("INVALID_DATA", "invalid data", api_name=name)
        links = {name: self._link(of, changes[name]) for name, of in LOOKUPS.items() if changes.get(name)}
        deal |= {**changes, **links, "Modified_Time": self._iso(self.now())}
        automations = {} if "trigger" not in request.json() else {"automations": bool(request.json()["trigger"])}
        self.record("update deal", id=deal["id"], **changes, **automations)
        return self._done("record updated", deal)

    @route("POST", "/crm/v8/Notes")
    def create_note(self, request: SandboxRequest) -> SandboxResponse:
        given = _only_row(request)
        parent = given.get("Parent_Id") or {}
        if not given.get("Note_Content"):
            return _refused_row("MANDATORY_NOT_FOUND", "required field not found", status=202, api_name="Note_Content")
        if parent.get("module", {}).get("api_name") != "Deals" or parent.get("id") not in self.records["Deals"]:
            return _refused_row("INVALID_DATA", "record not deleted", status=202, id=str(parent.get("id")))
        deal = self.records["Deals"][parent["id"]]
        note = self._add_note(deal["id"], given.get("Note_Title", ""), given["Note_Content"], self.now())
        deal |= {"Last_Activity_Time": note["Created_Time"]}
        self.record("add note", deal=deal["id"], title=note["Note_Title"], content=note["Note_Content"])
        return self._done("record added", note)

    @route("POST", "/crm/v8/coql")
    def coql(self, request: SandboxRequest) -> SandboxResponse:
        query = parse(str(request.json().get("select_query")), self._knows, self._value_of)
        found = [record for record in self.records[query.module].values() if query.holds(record)]
        for name, down in reversed(query.order):
            found.sort(key=lambda record: str(self._value_of(record, name) or ""), reverse=down)
        page = found[query.offset : query.offset + query.limit]
        if not page:
            return SandboxResponse(204)
        rows = [{"id": each["id"], **{name: self._value_of(each, name) for name in query.fields}} for each in page]
        info = {"count": len(rows), "more_records": query.offset + len(page) < len(found)}
        return SandboxResponse(200, {"data": rows, "info": info})

    def _page(self, request: SandboxRequest, found: list[dict[str, Any]]) -> SandboxResponse:
        page, size = int(request.query.get("page", "1")), int(request.query.get("per_page", "200"))
        rows = found[(page - 1) * size : page * size]
        if not rows:
            return SandboxResponse(204)
        more = len(found) > page * size
        return SandboxResponse(
            200, {"data": rows, "info": {"per_page": size, "count": len(rows), "page": page, "more_records": more}}
        )

    def _deal(self, id_: str) -> dict[str, Any]:
        if id_ not in self.records["Deals"]:
            raise refusal(400, "INVALID_DATA", "the id given seems to be invalid.", id=id_)
        return self.records["Deals"][id_]

    def _known_field(self, name: str) -> None:
        if name not in self.fields["Deals"]:
            raise refusal(400, "INVALID_QUERY", "Invalid query formed", reason=f"no field {name}")

    def _knows(self, module: str, name: str) -> bool:
        first, _, rest = name.partition(".")
        if module not in self.fields or first not in self.fields[module]:
            return False
        return not rest or self._knows(LOOKUPS.get(first, ""), rest)

    def _value_of(self, record: Mapping[str, Any], name: str) -> Any:
        first, _, rest = name.partition(".")
        value = record.get(first)
        if not rest or value is None:
            return value
        return self._value_of(self.records[LOOKUPS[first]].get(value["id"], {}), rest)

    def _link(self, module: str, given: Any) -> dict[str, Any]:
        id_ = str(given["id"] if isinstance(given, dict) else given)
        record = self.records[module].get(id_)
        if record is None:
            raise refusal(400, "INVALID_DATA", "the id given seems to be invalid.", id=id_)
        name = record.get("Account_Name") or record.get("Full_Name") or record.get("Last_Name")
        return {"id": id_, "name": name}

    def _notes_of(self, deal_id: str) -> list[dict[str, Any]]:
        return [note for note in reversed(self.notes.values()) if note["Parent_Id"]["id"] == deal_id]

    def _add_note(self, deal_id: str, title: str, content: str, at: float) -> dict[str, Any]:
        id_, written = self._next_id(), self._iso(at)
        times = {"Created_Time": written, "Modified_Time": written, "Created_By": ME, "Modified_By": ME}
        parent = {"module": {"api_name": "Deals", "id": "100002"}, "id": deal_id}
        text = {"Note_Title": title, "Note_Content": content}
        note = self.notes[id_] = {"id": id_, **text, "Parent_Id": parent, "Owner": ME, **times, **_NOTE_FLAGS}
        return note

    def _done(self, message: str, record: Mapping[str, Any]) -> SandboxResponse:
        names = ("id", "Created_Time", "Modified_Time", "Created_By", "Modified_By")
        details = {name: record[name] for name in names}
        return SandboxResponse(
            200, {"data": [{"code": "SUCCESS", "status": "success", "message": message, "details": details}]}
        )

    def _next_id(self) -> str:
        self._last_id += 1
        return str(self._last_id)

    @staticmethod
    def _iso(at: float) -> str:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _is_id(record: Mapping[str, Any], name: str, module: str) -> bool:
    """Whether a field is a lookup here: an account's own Account_Name is its name."""
    return bool(record.get(name)) and module != "Accounts"


def _written(record: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(record["Modified_Time"]).timestamp()


def _only_row(request: SandboxRequest) -> dict[str, Any]:
    try:
        rows = request.json()["data"]
    except (ValueError, KeyError, TypeError):
        rows = None
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
        raise refusal(400, "INVALID_DATA", "body", expected_data_type="jsonarray")
    row: dict[str, Any] = rows[0]
    return row


def _refused_row(code: str, message: str, status: int = 200, **details: Any) -> SandboxResponse:
    """A row that was not written, inside an answer of success."""
    row = {"code": code, "details": details, "message": message, "status": "error"}
    return SandboxResponse(status, {"data": [row]})
