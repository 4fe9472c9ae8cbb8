"""Notion's actions over its sandbox, every request and answer held against the vendor's description."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from recipe_engine.plugin import Fault
from recipe_engine.testing import START, ActionFailure, SandboxContext, sandbox_context
from recipe_plugins.notion import VERSION, register_connectors
from tests.support.vendor_specs import hold_to_spec
from tests.support.vendors import mend_notion

[CONNECTOR] = register_connectors()
ROWS = "1f2e3d4c-5b6a-7980-8192-a3b4c5d6e7f8"
ABOVE = "2f2e3d4c-5b6a-7980-8192-a3b4c5d6e7f8"
PROPERTIES = {
    "Nom": "title",
    "Statut": ["Nouveau", "Traité"],
    "Score": "number",
    "Catégorie": "select",
    "Mots": "multi_select",
    "Échéance": "date",
    "Urgent": "checkbox",
    "E-mail": "email",
    "Réponse": "rich_text",
    "Créé": "created_time",
    "Clé": "rich_text",
}


def make(**settings: str) -> SandboxContext:
    bench = sandbox_context(CONNECTOR, settings)
    bench.sandbox.seed({"data_sources": [{"id": ROWS, "properties": PROPERTIES}]})
    hold_to_spec(bench.sandbox, "notion", mend=mend_notion)
    return bench


@pytest.fixture
def bench() -> SandboxContext:
    return make()


async def test_a_row_takes_plain_values_and_gives_them_back(bench: SandboxContext) -> None:
    values = {
        "Statut": "Nouveau",
        "Score": 4.5,
        "Catégorie": "Livraison",
        "Mots": ["colis", "retard"],
        "Échéance": "2026-12-01",
        "Urgent": True,
        "E-mail": "ada@example.org",
        "Réponse": "Bonjour",
    }
    page = await bench.call("create_page", data_source_id=ROWS, title="Colis perdu", properties=values, icon="📦")
    expected = {**values, "Nom": "Colis perdu", "Créé": "2026-11-20T09:00:00.000Z", "Clé": ""}
    assert (page["title"], page["values"]) == ("Colis perdu", expected)
    assert page["properties"]["Score"] == {"id": "5363", "type": "number", "number": 4.5}
    assert bench.sandbox.requests[-1].headers["notion-version"] == VERSION
    assert (await bench.call("get_page", id=page["id"]))["values"] == expected
    [effect] = bench.effects
    assert (effect.action, effect.data["values"]["Statut"]) == ("create page", "Nouveau")


async def test_objects_are_notions_own_form_and_go_as_they_are(bench: SandboxContext) -> None:
    properties = {
        "Nom": {"title": [{"text": {"content": "x"}}]},
        "Échéance": {"date": {"start": "2026-12-01", "end": "2026-12-03"}},
    }
    page = await bench.call("create_page", data_source_id=ROWS, properties=properties)
    assert page["values"]["Échéance"] == {"start": "2026-12-01", "end": "2026-12-03", "time_zone": None}
    assert [request.method for request in bench.sandbox.requests] == ["POST"]


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"Statu": "x"}, "there is no property 'Statu'"),
        ({"Score": "beaucoup"}, "the property 'Score' (number) takes a number, not 'beaucoup'"),
        ({"Urgent": "oui"}, "the property 'Urgent' (checkbox) takes true or false, not 'oui'"),
        ({"Créé": "2026-01-01"}, "the property 'Créé' is made by Notion (created_time)"),
    ],
)
async def test_values_that_do_not_fit_are_refused_before(
    bench: SandboxContext, properties: dict[str, Any], says: str
) -> None:
    failure = await bench.failure("create_page", data_source_id=ROWS, title="x", properties=properties)
    assert (failure.code, failure.title, bench.effects) == ("validation", says, [])


async def test_a_page_below_a_page_with_a_text(bench: SandboxContext) -> None:
    page = await bench.call("create_page", page_id=ABOVE, title="Compte rendu", text="# Décidé\n\n- [x] devis\n- pose")
    assert page["title"] == "Compte rendu"
    [shown] = bench.sandbox.state()["pages"]
    assert shown["text"] == ["heading_1: Décidé", "to_do: devis", "bulleted_list_item: pose"]


@pytest.mark.parametrize(
    "params",
    [{}, {"page_id": ABOVE, "data_source_id": ROWS}, {"page_id": ABOVE, "properties": {"x": 1}}, {"page_id": ABOVE}],
)
async def test_parents_that_do_not_fit_together_are_refused(bench: SandboxContext, params: dict[str, Any]) -> None:
    failure = await bench.failure("create_page", **({"title": "x"} if params != {"page_id": ABOVE} else {}), **params)
    assert failure.code == "validation"


async def test_a_text_of_any_length_goes_in_by_portions(bench: SandboxContext) -> None:
    paragraphs = [f"Paragraphe {n} " + "mot " * 1000 for n in range(230)]
    page = await bench.call("create_page", page_id=ABOVE, title="Long", text="\n\n".join(paragraphs))
    blocks = bench.sandbox.blocks[page["id"]]
    written = ["".join(piece["text"]["content"] for piece in block["paragraph"]["rich_text"]) for block in blocks]
    assert written == [paragraph.rstrip() for paragraph in paragraphs]
    assert len(bench.sandbox.requests) == 3
    assert all(request.size < 500_000 for request in bench.sandbox.requests)


async def test_an_update_sets_what_is_given(bench: SandboxContext) -> None:
    page = await bench.call("create_page", data_source_id=ROWS, title="x", properties={"Score": 1})
    for _ in range(2):
        changed = await bench.call(
            "update_page", id=page["id"], title="y", properties={"Statut": "Traité", "Score": None}
        )
    assert (changed["title"], changed["values"]["Statut"], changed["values"]["Score"]) == ("y", "Traité", None)
    trashed = await bench.call("update_page", id=page["id"].replace("-", ""), in_trash=True, icon="🗑")
    assert trashed["in_trash"]
    failure = await bench.failure("update_page", id=page["id"], properties={"Statut": "Perdu"})
    assert (failure.code, failure.detail) == ("http_400", "validation_error")
    assert "does not exist" in failure.title


async def test_text_and_blocks_are_appended(bench: SandboxContext) -> None:
    await bench.call("append_blocks", id=ABOVE, text="> Réponse")
    block = {"type": "callout", "callout": {"rich_text": [{"type": "text", "text": {"content": "Note"}}]}}
    appended = await bench.call("append_blocks", id=ABOVE, blocks=[block])
    assert len(appended["ids"]) == 1
    assert [effect.data["text"] for effect in bench.effects] == [["quote: Réponse"], ["callout: Note"]]
    assert (await bench.failure("append_blocks", id=ABOVE)).code == "validation"


class TestQuery:
    @pytest.fixture
    def bench(self) -> SandboxContext:
        bench = make()
        rows = [
            {
                "data_source_id": ROWS,
                "title": f"n° {n}",
                "values": {"Score": n, "Statut": "Nouveau" if n % 2 else {"name": "Traité"}},
            }
            for n in range(250)
        ]
        bench.sandbox.seed({"pages": rows})
        return bench

    async def test_all_pages_up_to_the_limit(self, bench: SandboxContext) -> None:
        whole = await bench.call("query", data_source_id=ROWS, sorts=[{"property": "Score"}], limit=1000)
        assert ([page["values"]["Score"] for page in whole["pages"]], whole["complete"]) == (list(range(250)), True)
        some = await bench.call("query", data_source_id=ROWS, limit=120)
        assert (len(some["pages"]), some["complete"]) == (120, False)
        assert [request.json()["page_size"] for request in bench.sandbox.requests] == [100, 100, 100, 100, 20]

    async def test_filters_and_sorts_are_notions(self, bench: SandboxContext) -> None:
        filter_ = {
            "and": [
                {"property": "Statut", "status": {"equals": "Nouveau"}},
                {"property": "Score", "number": {"greater_than": 244}},
                {"timestamp": "created_time", "created_time": {"on_or_after": "2026-11-20"}},
            ]
        }
        found = await bench.call(
            "query", data_source_id=ROWS, filter=filter_, sorts=[{"property": "Score", "direction": "descending"}]
        )
        assert [page["title"] for page in found["pages"]] == ["n° 249", "n° 247", "n° 245"]
        failure = await bench.failure(
            "query", data_source_id=ROWS, filter={"property": "Statu", "status": {"equals": "x"}}
        )
        assert failure.title == "Notion: Could not find property with name or id: Statu"

    async def test_rows_that_notion_left_out_are_said(self, bench: SandboxContext) -> None:
        body = {"results": [], "has_more": False, "next_cursor": None, "request_status": {"type": "incomplete"}}
        bench.inject(Fault(status=200, body=body))
        assert await bench.call("query", data_source_id=ROWS) == {"pages": [], "complete": False}


@pytest.mark.parametrize(
    ("status", "notions", "code", "retryable"),
    [
        (429, "rate_limited", "rate_limit", True),
        (409, "conflict_error", "conflict", True),
        (529, "service_overload", "http_529", True),
        (403, "restricted_resource", "http_403", False),
    ],
)
async def test_which_refusals_pass(
    bench: SandboxContext, status: int, notions: str, code: str, retryable: bool
) -> None:
    bench.inject(Fault(status=status, body={"object": "error", "status": status, "code": notions, "message": "said"}))
    failure = await bench.failure("append_blocks", id=ABOVE, text="x")
    assert (failure.code, failure.retryable, failure.happened) == (code, retryable, "no")


async def test_a_wrong_token_is_refused_and_not_shown(bench: SandboxContext) -> None:
    bench.sandbox.settings["NOTION_TOKEN"] = "another"
    failure = await bench.failure("get_page", id=ABOVE)
    assert (failure.code, failure.title, failure.detail) == (
        "http_401",
        "Notion: API token is invalid.",
        "unauthorized",
    )
    assert "sandbox-notion-token" not in repr(failure)


async def test_what_is_not_shared_is_not_found(bench: SandboxContext) -> None:
    assert (await bench.failure("get_page", id="9" * 32)).code == "http_404"
    failure = await bench.failure("create_page", data_source_id="9" * 32, title="x")
    assert (failure.code, failure.detail) == ("http_404", "object_not_found")


class TestAfterACrash:
    """The process died, or the connection did, while something was written."""

    PAGE: ClassVar[dict[str, Any]] = {"data_source_id": ROWS, "title": "Colis", "text": "Bonjour\n\nMerci"}

    async def test_a_lost_answer_is_found_by_the_key(self) -> None:
        bench = make(NOTION_KEY_PROPERTY="Clé")
        bench.inject(Fault(method="POST", path="/v1/pages", drop="after"))
        page = await bench.call("create_page", step_key="run-1/a", **self.PAGE)
        again = await bench.call("create_page", step_key="run-1/a", recovered=True, **self.PAGE)
        assert page["id"] == again["id"]
        assert (page["values"]["Clé"], len(bench.effects)) == ("run-1/a", 1)

    async def test_what_is_not_found_or_not_whole_waits_for_a_person(self) -> None:
        bench = make(NOTION_KEY_PROPERTY="Clé")
        with pytest.raises(ActionFailure, match="no page carries") as unknown:
            await bench.call("create_page", step_key="run-1/a", recovered=True, **self.PAGE)
        assert unknown.value.failure.happened == "maybe"
        bench.inject(Fault(method="PATCH", drop="before"))
        long = self.PAGE | {"text": "\n\n".join(["Bonjour"] * 101)}
        with pytest.raises(ActionFailure):
            await bench.call("create_page", step_key="run-1/b", **long)
        with pytest.raises(ActionFailure, match="not all of its text"):
            await bench.call("create_page", step_key="run-1/b", recovered=True, **long)
        assert len(bench.effects) == 1

    async def test_without_a_key_it_waits_for_a_person(self, bench: SandboxContext) -> None:
        await bench.call("create_page", step_key="run-1/a", **self.PAGE)
        with pytest.raises(ActionFailure, match="NOTION_KEY_PROPERTY"):
            await bench.call("create_page", step_key="run-1/a", recovered=True, **self.PAGE)
        await bench.call("append_blocks", step_key="run-1/b", id=ABOVE, text="x")
        with pytest.raises(ActionFailure) as unknown:
            await bench.call("append_blocks", step_key="run-1/b", recovered=True, id=ABOVE, text="x")
        assert unknown.value.failure.happened == "maybe"
        assert len(bench.effects) == 2


async def test_after_a_429_all_wait_as_long_as_notion_says(bench: SandboxContext) -> None:
    bench.inject(Fault(status=429, headers={"Retry-After": "40"}))
    assert (await bench.failure("get_page", id=ABOVE)).retry_after == 40.0
    assert (await bench.failure("get_page", id=ABOVE)).code == "rate_limit"
    bench.clock.advance_to(START + 41)
    assert (await bench.failure("get_page", id=ABOVE)).code == "http_404"
