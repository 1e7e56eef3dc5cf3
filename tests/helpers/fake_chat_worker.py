"""A chat worker without a model: answers as told by what is asked.

A path decides what is loaded: one with `base` in it only goes on writing, one with `bad` cannot be loaded.
A question decides what happens: "die" ends the process, "fail" fails, "long" writes until it is stopped,
"full" drops two messages, "think" thinks first, anything else is answered with `echo: …` and the number of
messages that were sent.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from typing import Any

requests: queue.Queue[dict[str, Any]] = queue.Queue()
stopped: set[int] = set()


def say(**values: Any) -> None:
    print(json.dumps(values, ensure_ascii=False), flush=True)


def listen() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "stop":
            stopped.add(request["id"])
        else:
            requests.put(request)
    os._exit(0)


def load(request: dict[str, Any]) -> None:
    path = request["path"]
    if "bad" in path:
        say(event="failed", id=request["id"], code="bad", message=f"{path} is damaged")
        return
    model = {
        "path": path, "engine": "torch", "label": "fake", "method": "sft", "is_base": "base" in path,
        "can_think": True, "seq_len": 512, "context": request["context"], "parameters": 508_224,
        "device": "cpu" if request["device"] == "auto" else request["device"],
        "threads": request["threads"], "precision": "float32",
    }  # fmt: skip
    say(event="loaded", id=request["id"], model=model)


def talk(request: dict[str, Any]) -> None:
    identity = request["id"]
    asked = request.get("text") or request["messages"][-1]["content"]
    count = len(request.get("messages", ()))
    if asked == "die":
        print("the end", file=sys.stderr, flush=True)
        os._exit(3)
    if asked == "fail":
        say(event="failed", id=identity, code="engine_failed", message="Memory ran out.")
        return
    pieces = [("thought", "hm, "), ("thought", "let me see")] if request.get("think") else []
    pieces += [("answer", f"echo: {asked}"), ("answer", f" ({count})")]
    tokens, reason = 0, "end"
    for channel, text in pieces:
        tokens += 4
        say(event="token", id=identity, text=text, channel=channel, tokens=tokens)
    if asked.startswith("long"):
        while identity not in stopped:
            tokens += 1
            say(event="token", id=identity, text=" and so on", channel="answer", tokens=tokens)
            threading.Event().wait(0.01)
        reason = "stopped"
    stats = {
        "tokens": tokens, "tokens_per_s": 151.0, "first_token_s": 0.04,
        "thought_s": 0.9 if request.get("think") else None, "context_used": 213, "context": 2048,
        "dropped": 2 if asked == "full" else 0, "reason": reason,
    }  # fmt: skip
    say(event="finished", id=identity, stats=stats)


def main() -> None:
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    threading.Thread(target=listen, daemon=True).start()
    say(event="ready")
    while True:
        request = requests.get()
        if request["do"] == "load":
            load(request)
        elif request["do"] in ("ask", "continue"):
            talk(request)


if __name__ == "__main__":
    main()
