"""A server of a few lines without any package, so that it starts at once and can be as bad as a test wants it.

Its one argument is a JSON file: `tools`; `answers`, by tool a result, `{"error": ...}`, or one of the deeds below; `noise`,
what it prints before its first message; `modern`, the one version of 2026 that it speaks; `page`, how many tools a page has. Every line that it reads goes to `FILE.log`.
"""

import json
import os
import sys

COMPLETE = {"resultType": "complete", "ttlMs": 0, "cacheScope": "public"}
path = sys.argv[-1]


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def listed(said, params):
    tools, size = said.get("tools", []), said.get("page", 1000)
    if said.get("endless"):
        return {"tools": tools, "nextCursor": params.get("cursor", "") + "x" if said["endless"] == "new" else "x"}
    first = int(params.get("cursor", 0))
    more = {"nextCursor": str(first + size)} if first + size < len(tools) else {}
    return {"tools": tools[first : first + size], **more}


def called(said, params):
    answer = said.get("answers", {}).get(params["name"])
    if answer == "die":
        sys.stderr.write("I give up\n")
        sys.stderr.flush()
        os._exit(7)
    if answer == "huge":
        sys.stdout.write("x" * 3_000_000)
        sys.stdout.flush()
        sys.stdin.read()
    if answer == "silence":
        return None
    if answer == "environment":
        return {"content": [{"type": "text", "text": json.dumps(dict(os.environ))}]}
    if answer == "pid":
        return {"content": [{"type": "text", "text": str(os.getpid())}]}
    if answer == "echo":
        return {"content": [{"type": "text", "text": json.dumps(params["arguments"])}]}
    return answer or {"error": {"code": -32602, "message": f"Unknown tool: {params['name']}"}}


def main():
    with open(path) as file:
        said = json.load(file)
    sys.stdout.write(said.get("noise", ""))
    sys.stdout.flush()
    if said.get("exit") is not None:
        sys.stderr.write("cannot work like this\n")
        sys.exit(said["exit"])
    for line in sys.stdin:
        with open(path + ".log", "a") as log:
            log.write(line)
        message = json.loads(line)
        if "id" not in message:
            continue
        params = message.get("params") or {}
        if said.get("modern") and message["method"] == "initialize":
            result = {"error": {"code": -32022, "message": "too old", "data": {"supported": [said["modern"]]}}}
        elif said.get("modern") and message["method"] == "server/discover":
            result = {"supportedVersions": [said["modern"]], "capabilities": {"tools": {}}, **COMPLETE}
        elif message["method"] == "initialize":
            server = said.get("server", {"name": "plain", "version": "1"})
            version = said.get("version", params["protocolVersion"])
            result = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": server}
        elif message["method"] == "tools/list":
            result = listed(said, params)
        elif message["method"] == "tools/call":
            result = called(said, params)
        else:
            result = {"error": {"code": -32601, "message": "no such method"}}
        if result is None:
            continue
        if said.get("modern"):
            result = {**COMPLETE, **result}
        if "error" in result:
            say({"jsonrpc": "2.0", "id": message["id"], **result})
        else:
            say({"jsonrpc": "2.0", "id": message["id"], "result": result})


if __name__ == "__main__":
    main()
