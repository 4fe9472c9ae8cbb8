import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe_engine.core.plan import Plan
from recipe_engine.graph import mermaid
from tests.unit.graph import plans

NODE = re.compile(r'\s*(n\d+|start|finish|failure)(\(\["|\{"|\[\["|\[")([^"]*)("\]\)|"\}|"\]\]|"\])(:::\w+)?')
SUBGRAPH = re.compile(r'\s*subgraph (n\d+(?:_\d+)?)\["([^"]*)"\]')
EDGE = re.compile(r'\s*(\w+) (-->|-\.->)(\|"[^"]*"\|)? (\w+)')


def parsed(text):
    """Nodes and subgraphs by name with their labels, and edges; every line must be one of what we know."""
    lines = text.splitlines()
    assert lines[0] == "flowchart TD"
    names, edges, open_subgraphs = {}, [], 0
    for line in lines[1:]:
        if found := SUBGRAPH.fullmatch(line):
            names[found[1]] = found[2]
            open_subgraphs += 1
        elif line.strip() == "end":
            open_subgraphs -= 1
        elif found := EDGE.fullmatch(line):
            edges.append((found[1], found[2], (found[3] or "")[2:-2], found[4]))
        elif found := NODE.fullmatch(line):
            assert found[1] not in names
            names[found[1]] = found[3]
        else:
            assert re.fullmatch(r"  classDef \w+ [\w:#,]+", line), line
    assert open_subgraphs == 0
    assert all(a in names and b in names for a, _, _, b in edges)
    return names, edges


def test_a_simple_plan():
    assert (
        mermaid(plans.simple()).split("  classDef")[0]
        == """\
flowchart TD
  start(["Devis urgent"])
  n0["Classer la demande<br/>llm_call"]:::model
  start --> n0
  n1{"route<br/>branch"}:::branch
  n0 --> n1
  n2["Ouvrir un ticket<br/>hubspot.create_ticket"]:::action
  n1 -->|"classify.confidence #62;= 0.7 and classify.category == 'modelling'"| n2
  n3["log"]:::action
  n1 -->|"else"| n3
  n4(["Laisser le temps de répondre<br/>wait · for 15m"]):::wait
  n2 --> n4
  n3 --> n4
  n5["Prévenir l'équipe<br/>notify<br/>if ticket is defined and not quiet"]:::action
  n4 --> n5
  finish(["end"])
  n5 --> finish
"""
    )


def test_loops_and_lanes_are_subgraphs_and_handlers_dashed():
    names, edges = parsed(mermaid(plans.nested()))
    by_label = {label.split("<br/>")[0]: name for name, label in names.items()}
    assert (by_label["Attendre le calcul"], "-.->", "on timeout", by_label["Alerter"]) in edges
    assert (by_label["Rembourser"], "-.->", "on error", by_label["Annuler"]) in edges
    assert ("failure", "-.->", "", by_label["Prévenir l'astreinte"]) in edges
    assert (
        by_label["Quelle urgence ?"],
        "-->",
        "ticket.priority == 'HIGH'",
        by_label["Appeler le client tout de suite"],
    ) in edges
    assert (by_label["steps"], "-->", "", by_label["always"]) in edges
    assert not any(a == by_label["Pas de réponse"] for a, _, _, _ in edges)


@given(st.integers(0, 2**32).map(plans.anything))
def test_every_step_is_drawn_once(plan):
    names, edges = parsed(mermaid(plan))
    assert len([name for name in names if re.fullmatch(r"n\d+", name)]) == len(plan.steps)
    assert len(set(edges)) == len(edges)


@pytest.mark.parametrize("plan", [plans.hostile, plans.handlers])
def test_texts_of_authors_stay_in_their_labels(plan):
    names, _ = parsed(mermaid(plan()))
    for label in names.values():
        assert not re.search(r"[<>`%|{}\[\]]", label.replace("<br/>", ""))


def test_a_plan_without_steps():
    assert parsed(mermaid(Plan("empty", "", (), ((),), 0)))[1] == [("start", "-->", "", "finish")]
