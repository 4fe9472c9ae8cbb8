"""What recipes can do in Zoho CRM.

The one rule: every row of an answer is looked at, and one that was refused fails its step in Zoho's own words.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from recipe_engine.plugin import Context, Response, Retry, Terminal
from recipe_plugins.zoho_crm import failure_of_row, zoho_crm
from recipe_plugins.zoho_crm.coql import both, checked, criteria, filled, quoted, select
from recipe_plugins.zoho_crm.models import (
    AddNote,
    Changed,
    Deal,
    Deals,
    FindDeal,
    FoundDeal,
    GetDeal,
    ListNotes,
    Note,
    Notes,
    Query,
    Rows,
    SearchDeals,
    StaleDeals,
    StaleDealsSince,
    UpdateDeal,
)

API = "/crm/v8"
PAGE = 200
NO_CONTENT = 204
# Zoho counts requests under way, of all programs together: a refusal says little about the next try.
PATIENT = Retry(attempts=8, max_wait=120)
DEAL_FIELDS = [name for name in Deal.model_fields if name != "id"]
NOTE_FIELDS = [name for name in Note.model_fields if name != "id"]
# How many notes are looked through for what an interrupted step wrote.
LOOKED_THROUGH = 50


@zoho_crm.action(
    effect="read", retry=PATIENT, example='- {id: deal, type: zoho_crm.get_deal, with: {id: "{{ deal_id }}"}}'
)
async def get_deal(ctx: Context, params: GetDeal) -> Deal:
    """A deal by its id, with all its fields; one that does not exist fails with `http_404`."""
    found, _ = await _rows(await ctx.http.get(f"{API}/Deals/{params.id}"))
    if not found:
        raise Terminal(f"Zoho CRM has no deal {params.id}", code="http_404")
    return Deal.model_validate(found[0])


@zoho_crm.action(
    effect="read",
    retry=PATIENT,
    timeout=300,
    example=(
        "- {id: large, type: zoho_crm.search_deals, with: {where: [{field: Stage, value: Qualification}, "
        "{field: Amount, operator: greater_than, value: 5000}]}}"
    ),
)
async def search_deals(ctx: Context, params: SearchDeals) -> Deals:
    """Deals that match, all pages up to `limit` (2,000 at most, by Zoho's rule).

    Zoho's search lags a little behind: what was just written may be missing. `query` does not lag.
    """
    asked = {
        "criteria": criteria(params.where) if params.where else params.criteria,
        "email": params.email,
        "phone": params.phone,
        "word": params.word,
        "fields": ",".join(checked([*DEAL_FIELDS, *params.fields])),
    }
    found = [row async for row in _pages(ctx, f"{API}/Deals/search", asked, params.limit)]
    return Deals.model_validate({"data": found})


@zoho_crm.action(
    effect="read",
    retry=PATIENT,
    timeout=300,
    example=(
        '- {id: theirs, type: zoho_crm.query, with: {query: "select Deal_Name, Amount from Deals where '
        'Account_Name.Account_Name = :name", values: {name: "{{ company }}"}}}'
    ),
)
async def query(ctx: Context, params: Query) -> Rows:
    """Rows of a query in COQL, all pages up to `limit`.

    Zoho wants a WHERE (`id is not null` for everything) and brackets around every two conditions.
    """
    rows = await _query(ctx, filled(params.query, params.values), params.limit)
    return Rows.model_validate({"data": rows})


@zoho_crm.action(
    effect="read",
    retry=PATIENT,
    timeout=300,
    example="- {id: stale, type: zoho_crm.stale_deals, with: {days: 7, limit: 100}}",
)
async def stale_deals(ctx: Context, params: StaleDealsSince) -> StaleDeals:
    """Open deals with which nothing happened for some days, those that wait longest first, all pages up to `limit`.

    Without an activity ever, the last change counts.
    """
    before = datetime.fromtimestamp(ctx.now - params.days * 86_400, UTC).isoformat(timespec="seconds")
    idle = f"Modified_Time < {quoted(before)}"
    if params.by == "activity":
        idle = f"((Last_Activity_Time < {quoted(before)}) or (Last_Activity_Time is null and {idle}))"
    text = select(
        [*DEAL_FIELDS, *params.fields], "Deals", both(idle, _except(params.except_stages)), "Modified_Time asc"
    )
    return StaleDeals.model_validate({"data": await _query(ctx, text, params.limit), "before": before})


@zoho_crm.action(
    effect="read",
    retry=PATIENT,
    example='- {id: linked, type: zoho_crm.find_deal, with: {email: "{{ ticket.email }}"}}',
)
async def find_deal(ctx: Context, params: FindDeal) -> FoundDeal:
    """The open deal of a contact, or `found: false`. Of several, the one changed last."""
    contact = (
        f"Contact_Name.Email = {quoted(params.email)}"
        if params.email is not None
        else f"Contact_Name = {quoted(params.contact_id)}"
    )
    text = select(
        [*DEAL_FIELDS, *params.fields], "Deals", both(contact, _except(params.except_stages)), "Modified_Time desc"
    )
    found = await _query(ctx, text, 1)
    return FoundDeal(found=bool(found), deal=Deal.model_validate(found[0]) if found else None)


@zoho_crm.action(
    effect="keyed",
    retry=PATIENT,
    example=(
        '- {id: step, type: zoho_crm.update_deal, with: {id: "{{ deal.id }}", fields: {Next_Step: "{{ next }}", '
        "Relance: true}}}"
    ),
)
async def update_deal(ctx: Context, params: UpdateDeal) -> Changed:
    """Change fields of a deal: only what is given, those of the account's own by their API names as well."""
    body: dict[str, Any] = {"data": [params.fields]}
    if not params.automations:
        body["trigger"] = []
    return Changed.model_validate(await _written(await ctx.http.put(f"{API}/Deals/{params.id}", json=body)))


async def _note_of_this_step(ctx: Context, params: AddNote) -> Changed | None:
    """The newest note with this title and text."""
    for note in (await _notes(ctx, params.deal_id, LOOKED_THROUGH)).data:
        if (note.Note_Content, note.Note_Title or "") == (params.content, params.title):
            return Changed(id=note.id, Modified_Time=note.Created_Time)
    return None


@zoho_crm.action(
    effect="once",
    retry=PATIENT,
    reconcile=_note_of_this_step,
    example=(
        '- {id: note, type: zoho_crm.add_note, with: {deal_id: "{{ deal.id }}", title: Suivi, content: "{{ summary }}"}}'
    ),
)
async def add_note(ctx: Context, params: AddNote) -> Changed:
    """Put a note under a deal.

    After a crash the engine looks whether the deal has a note with this title and text.
    """
    # The description wants the module's id beside its name, and takes null for it.
    parent = {"module": {"api_name": "Deals", "id": None}, "id": params.deal_id}
    note = {"Note_Content": params.content, "Parent_Id": parent}
    if params.title:
        note["Note_Title"] = params.title
    return Changed.model_validate(await _written(await ctx.http.post(f"{API}/Notes", json={"data": [note]})))


@zoho_crm.action(
    effect="read",
    retry=PATIENT,
    example='- {id: notes, type: zoho_crm.list_notes, with: {deal_id: "{{ deal.id }}", limit: 10}}',
)
async def list_notes(ctx: Context, params: ListNotes) -> Notes:
    """The notes of a deal, newest first."""
    return await _notes(ctx, params.deal_id, params.limit)


async def _notes(ctx: Context, deal_id: str, limit: int) -> Notes:
    asked = {"fields": ",".join(NOTE_FIELDS)}
    found = [row async for row in _pages(ctx, f"{API}/Deals/{deal_id}/Notes", asked, limit)]
    found.sort(key=lambda row: str(row.get("Created_Time") or ""), reverse=True)
    return Notes.model_validate({"data": found})


async def _pages(ctx: Context, url: str, asked: dict[str, Any], limit: int) -> AsyncIterator[dict[str, Any]]:
    """The rows of all pages, up to `limit`."""
    given, page = 0, 1
    while given < limit:
        found, more = await _rows(await ctx.http.get(url, query={**asked, "page": page, "per_page": PAGE}))
        for row in found[: limit - given]:
            yield row
        given += len(found)
        page += 1
        if not more:
            return


async def _query(ctx: Context, text: str, limit: int) -> list[dict[str, Any]]:
    """The rows of a query, page by page."""
    found: list[dict[str, Any]] = []
    while len(found) < limit:
        page = f"{text} limit {len(found)}, {min(PAGE, limit - len(found))}"
        rows, more = await _rows(await ctx.http.post(f"{API}/coql", json={"select_query": page}, reads=True))
        found += rows
        if not more:
            break
    return found


async def _rows(response: Response) -> tuple[list[dict[str, Any]], bool]:
    """The records of an answer, and whether there are more; Zoho answers nothing found by 204."""
    if response.status == NO_CONTENT:
        return [], False
    answer = await response.object()
    rows = answer.get("data")
    if isinstance(rows, list):
        return rows, bool(rows and (answer.get("info") or {}).get("more_records"))
    if isinstance(answer.get("code"), str):
        raise failure_of_row(answer, max(response.status, 400))
    raise Terminal("Zoho CRM: an answer without records", code="invalid_answer", detail=str(answer)[:300])


async def _written(response: Response) -> dict[str, Any]:
    """The details of the one row that was written; a row that was refused is a Terminal."""
    rows, _ = await _rows(response)
    if len(rows) != 1 or not isinstance(rows[0].get("code"), str):
        raise Terminal("Zoho CRM: the answer does not say what was written", code="invalid_answer")
    if rows[0]["code"] != "SUCCESS":
        raise failure_of_row(rows[0], max(response.status, 400))
    details: dict[str, Any] = rows[0].get("details") or {}
    return details


def _except(stages: list[str]) -> str | None:
    return f"Stage not in {quoted(stages)}" if stages else None
