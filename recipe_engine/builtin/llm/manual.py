"""A person as the model: the prompt is printed and the answer typed, or both are files of a folder.

The one rule: nothing is invented. Without an answer the step fails and says where to write it.

With RECIPE_LLM_ANSWERS=DIR the question number n of the step `classify` is written to DIR/classify-1.prompt.md, and its
answer read from DIR/classify-1.answer.txt. Numbers count the questions of one attempt: repairs, other models and rounds of tools go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
import threading
from pathlib import Path

from recipe_engine.builtin.llm.provider import ModelAnswer, ModelRequest, ToolCall
from recipe_engine.builtin.llm.shown import as_text
from recipe_engine.plugin import Context, Terminal

ANSWERS_SETTING = "RECIPE_LLM_ANSWERS"
_END = "."
_SHOWN = 1500
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


class _Desk:
    """The terminal: one question at a time."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()


class ManualModel:
    """Asks a person, for one attempt of one step."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._asked = 0

    async def complete(self, request: ModelRequest) -> ModelAnswer:
        """The person's answer.

        Raises Terminal `no_answer`.
        """
        self._asked += 1
        rounds = sum(any(isinstance(part, ToolCall) for part in turn.parts) for turn in request.messages)
        folder = self._ctx.settings.get(ANSWERS_SETTING)
        if folder:
            return written(await asyncio.to_thread(_from_folder, Path(folder), request, rounds + self._asked), request)
        desk: _Desk = self._ctx.tokens.setdefault("llm.manual", _Desk())
        # A person takes as long as a person takes.
        with self._ctx.untimed():
            async with desk.turn:
                return written(await _typed(as_text(request)), request)


def written(text: str, request: ModelRequest) -> ModelAnswer:
    """A text as an answer: `{"calls": [{"tool": ..., "input": ...}]}` calls tools, where the request has some."""
    if not request.tools:
        return ModelAnswer(text)
    try:
        value = json.loads(text)
    except ValueError:
        return ModelAnswer(text)
    calls = value.get("calls") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(calls, list) or not all(isinstance(call, dict) and "tool" in call for call in calls):
        return ModelAnswer(text)
    turn = sum(message.role == "assistant" for message in request.messages)
    made = (ToolCall(f"call_{turn}_{n}", str(c["tool"]), c.get("input", {})) for n, c in enumerate(calls))
    return ModelAnswer("", calls=tuple(made))


def file_stem(step: str, number: int) -> str:
    """The beginning of the names of a question's files: the step's path in letters that every disk takes."""
    return f"{_UNSAFE.sub('-', step).strip('-')}-{number}"


def _from_folder(folder: Path, request: ModelRequest, number: int) -> str:
    stem = file_stem(request.step, number)
    answer, prompt = folder / f"{stem}.answer.txt", folder / f"{stem}.prompt.md"
    text = as_text(request)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        prompt.write_text(text, encoding="utf-8")
        return answer.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise Terminal(
            f"no answer yet: write it to {answer}",
            code="no_answer",
            detail=f"the prompt is in {prompt} and begins:\n{text[:_SHOWN]}",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Terminal(f"the answers in {folder} cannot be used: {error}", code="no_answer") from error


async def _typed(prompt: str) -> str:
    """What is typed after the prompt, up to a line with a single full stop or the end of the input."""
    sys.stderr.write(f"\n{prompt}\n\n--- your answer; end it with a line that has only a full stop ---\n")
    sys.stderr.flush()
    loop = asyncio.get_running_loop()
    done: asyncio.Future[list[str]] = loop.create_future()
    # A thread that does not keep the process alive: a step that was cancelled leaves it at the keyboard.
    threading.Thread(target=_read, args=(loop, done), daemon=True, name="manual model").start()
    lines = await done
    text = "\n".join(lines).strip()
    if not text:
        raise Terminal(
            "nobody typed an answer",
            code="no_answer",
            detail=f"answer at the terminal, or give a folder of answers with --answers DIR ({ANSWERS_SETTING})",
        )
    return text


def _read(loop: asyncio.AbstractEventLoop, done: asyncio.Future[list[str]]) -> None:
    lines: list[str] = []
    for line in sys.stdin:
        if line.rstrip("\r\n") == _END:
            break
        lines.append(line.rstrip("\r\n"))

    def hand_over() -> None:
        if not done.done():
            done.set_result(lines)

    # The loop may be closed by then: nobody waits for the answer any more.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(hand_over)
