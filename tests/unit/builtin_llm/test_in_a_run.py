"""llm_call and the actions on files and values, in whole recipes that the engine checks and runs."""

from __future__ import annotations

import base64

import pytest

from recipe_engine import Engine
from tests.support.anthropic_server import fails, says
from tests.support.openai_server import OpenAIServer

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
HEAD = "slug: essai\nname: Essai\ndescription: Essai\ncategory: test\n"
VISION = f"""{HEAD}
input_schema: {{type: object, properties: {{product_image: {{type: string, format: base64_image}}}}}}
output_schema: {{type: object, required: [title], properties: {{title: {{type: string}}}}}}
steps:
  - id: analyze
    name: Analyze
    type: llm_call
    complexity: analyze
    system_prompt: Tu es un expert produit.
    user_prompt: "Image: {{{{product_image}}}}"
    max_tokens: 1000
    vision: true
"""
ORDERS = f"""{HEAD}
limits: {{cost: 0.10 USD}}
input_schema: {{type: object, required: [upload], properties: {{upload: {{type: object, format: file}}}}}}
steps:
  - {{id: orders, type: file.read, with: {{file: "{{{{ upload }}}}", columns: {{email: text, total: number}}}}}}
  - id: each
    type: for_each
    items: orders.rows
    as: order
    steps:
      - {{id: seen, type: store.claim, with: {{table: seen, key: "{{{{ order.email }}}}", keep: 90d}}}}
      - id: sort
        type: llm_call
        if: seen.claimed
        complexity: classify
        user_prompt: "{{{{ order.email }}}} {{{{ order.total }}}}"
        output_schema: {{type: object, required: [kind], properties: {{kind: {{enum: [big, small]}}}}}}
        retry: {{attempts: 3, wait: 1ms}}
      - {{id: row, type: set, values: {{email: "{{{{ order.email }}}}", kind: "{{{{ sort.kind | default('vu') }}}}"}}}}
  - {{id: export, type: file.write, with: {{name: export.csv, rows: "{{{{ each.results }}}}"}}}}
  - {{id: page, type: pdf.render, with: {{html: "<h1>{{{{ orders.count }}}} commandes</h1>"}}}}
  - {{id: text, type: pdf.text, with: {{file: "{{{{ page.file }}}}"}}}}
output: {{file: "{{{{ export.file }}}}", text: "{{{{ text.text }}}}"}}
"""


@pytest.fixture
def recipe(tmp_path):
    def written(text):
        path = tmp_path / "essai.yml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def engine_for(server):
    return Engine(":memory:", env={"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": server.url})


async def test_image_of_an_input_reaches_the_model_as_an_image(server, recipe):
    async with engine_for(server) as engine:
        run = await engine.run(recipe(VISION), {"product_image": f"data:image/png;base64,{PNG}"})
    assert (run.status, run.output) == ("succeeded", {"title": "sample title"})
    text, image = server.bodies[0]["messages"][0]["content"]
    assert text == {"type": "text", "text": "Image: "}
    assert base64.b64decode(image["source"]["data"]).startswith(b"\x89PNG")
    assert run.usage["cost"] == pytest.approx((100 * 2 + 20 * 10) / 1e6)


async def test_rows_are_read_judged_once_and_written(server, recipe):
    server.will(fails(529), fails(429, headers={"retry-after-ms": "1"}))
    server.will(says(value={"kind": "huge"}), says(value={"kind": "big"}), says(value={"kind": "small"}))
    async with engine_for(server) as engine:
        upload = await engine.parts.blobs.save_bytes(b"email;total\na@x.fr;12,5\nb@x.fr;3\na@x.fr;4\n", "o.csv", "")
        run = await engine.run(recipe(ORDERS), {"upload": upload.model_dump()})
        assert run.status == "succeeded", run.error
        file = type(upload).model_validate(run.output["file"])
        written = (await engine.parts.blobs.read(file)).decode("utf-8-sig")
        again = await engine.run(recipe(ORDERS), {"upload": upload.model_dump()})
    assert written.splitlines() == ["email,kind", "a@x.fr,big", "b@x.fr,small", "a@x.fr,vu"]
    assert run.output["text"].strip() == "3 commandes"
    assert (run.usage["tokens"], again.usage["tokens"]) == (360, 0)


async def test_run_stops_before_the_call_that_could_exceed_its_limit(server, recipe):
    text = VISION.replace("steps:", "limits: {cost: 0.001 USD}\nsteps:")
    async with engine_for(server) as engine:
        run = await engine.run(recipe(text), {"product_image": PNG})
    assert (run.status, run.error["code"], run.error["step"]) == ("failed", "limit_cost", "analyze")
    assert server.bodies == []


async def test_recording_of_an_input_reaches_the_model_as_its_text(server, recipe):
    text = f"""{HEAD}
limits: {{cost: 0.10 USD}}
input_schema: {{type: object, required: [call], properties: {{call: {{type: string, format: base64_audio}}}}}}
steps: [{{id: sort, type: llm_call, complexity: classify, user_prompt: "Appel : {{{{ call }}}}"}}]
"""
    call = base64.b64encode(b"ID3" + bytes(60)).decode()
    async with OpenAIServer() as whisper:
        env = {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": server.url, "TRANSCRIPTION_BASE_URL": whisper.url}
        async with Engine(":memory:", env=env) as engine:
            run = await engine.run(recipe(text), {"call": call})
    assert run.status == "succeeded", run.error
    assert whisper.recordings[0]["file"][1] == "audio/mpeg"
    assert "Bonjour du bac à sable." in server.bodies[0]["messages"][0]["content"][1]["text"]
