"""Ctrl-C and SIGTERM: a run is left resumable, what is under way is finished, and a second one does not wait."""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

WAITING = """\
slug: waiting
name: Waiting
description: Waits for half a minute.
category: examples
steps:
  - {id: pause, name: Pause, type: wait, duration: 30s}
"""
ASKING = """\
slug: asking
name: Asking
description: Asks a slow server, then says so.
category: examples
steps:
  - {id: ask, name: Ask, type: http, method: GET, url: "http://127.0.0.1:PORT/slow"}
  - {id: said, name: Say, type: log, message: done}
"""


@pytest.fixture
def slow():
    """A server that answers when the test lets it; `asked` is set when a request has come in."""
    asked, answer = threading.Event(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.set()
            answer.wait(30)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        do_POST = do_GET  # noqa: N815  # the name that the library asks for

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.asked, server.answer = asked, answer
    yield server
    answer.set()
    server.shutdown()
    server.server_close()


@contextmanager
def started(folder, *arguments, command="run", **settings):
    process = subprocess.Popen(
        [sys.executable, "-m", "recipe_engine.cli.main", command, *arguments],
        cwd=folder,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def reads(process, words):
    """Wait until the process has written these words."""
    told = ""
    while words not in told:
        line = process.stderr.readline()
        assert line, f"it ended without saying {words!r}: {told}"
        told += line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_is_paused_and_says_how_to_go_on(recipe, folder, number):
    (folder / "waiting.yml").write_text(WAITING)
    with started(folder, "waiting.yml") as process:
        reads(process, "waiting")
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (3, "")
    [view] = json.loads(recipe("runs", "list", "--json").out)
    assert view["status"] == "paused"
    assert f"recipe runs resume {view['run_id']}" in err


def test_what_is_under_way_is_finished_first(recipe, folder, slow):
    port = slow.server_address[1]
    (folder / "asking.yml").write_text(ASKING.replace("PORT", str(port)))
    with started(folder, "asking.yml", "--json", RECIPE_HTTP_ALLOW=f"127.0.0.1:{port}") as process:
        assert slow.asked.wait(20)
        process.send_signal(signal.SIGINT)
        reads(process, "pausing the run")
        slow.answer.set()
        out, _ = process.communicate(timeout=20)
    run = json.loads(out)
    assert (process.returncode, run["status"]) == (3, "paused")
    assert [(step["path"], step["status"]) for step in run["steps"]] == [("ask", "succeeded")]
    resumed = recipe("runs", "resume", run["run_id"])
    assert resumed.code == 0


def test_a_second_one_breaks_it_off_and_the_run_can_still_be_resumed(recipe, folder, slow, monkeypatch):
    port = slow.server_address[1]
    monkeypatch.setenv("RECIPE_HTTP_ALLOW", f"127.0.0.1:{port}")
    (folder / "asking.yml").write_text(ASKING.replace("PORT", str(port)))
    with started(folder, "asking.yml") as process:
        assert slow.asked.wait(20)
        process.send_signal(signal.SIGINT)
        reads(process, "pausing the run")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 3
    slow.answer.set()
    [view] = json.loads(recipe("runs", "list", "--json").out)
    resumed = recipe("runs", "resume", view["run_id"])
    assert resumed.code == 0


def test_a_worker_finishes_what_is_under_way_and_the_next_one_goes_on(recipe, folder, slow, monkeypatch):
    port = slow.server_address[1]
    monkeypatch.setenv("RECIPE_HTTP_ALLOW", f"127.0.0.1:{port}")
    (folder / "asking.yml").write_text(ASKING.replace("PORT", str(port)).replace("GET", "POST"))
    with started(folder, command="worker") as worker:
        reads(worker, "driving")
        run = recipe("run", "asking.yml", "--detach", "--json")
        assert run.code == 0, run.err
        assert slow.asked.wait(20)
        worker.send_signal(signal.SIGTERM)
        reads(worker, "stopping")
        slow.answer.set()
        _, err = worker.communicate(timeout=20)
    assert worker.returncode == 0
    assert "broken off" not in err
    [view] = json.loads(recipe("runs", "list", "--json").out)
    assert view["status"] == "paused"
    slow.asked.clear()
    assert recipe("worker", "--until-idle").code == 0
    shown = json.loads(recipe("runs", "show", json.loads(run.out)["run_id"], "--json").out)
    assert shown["status"] == "succeeded"
    assert not slow.asked.is_set()


def test_a_worker_waits_for_it_no_longer_than_it_may(recipe, folder, slow, monkeypatch):
    port = slow.server_address[1]
    monkeypatch.setenv("RECIPE_HTTP_ALLOW", f"127.0.0.1:{port}")
    (folder / "asking.yml").write_text(ASKING.replace("PORT", str(port)).replace("GET", "POST"))
    with started(folder, "--grace", "0.1s", command="worker") as worker:
        reads(worker, "driving")
        recipe("run", "asking.yml", "--detach")
        assert slow.asked.wait(20)
        worker.send_signal(signal.SIGTERM)
        _, err = worker.communicate(timeout=20)
    assert "broken off" in err
    assert recipe("worker", "--until-idle").code == 0
    [view] = json.loads(recipe("runs", "list", "--json").out)
    assert view["status"] == "in_doubt"
