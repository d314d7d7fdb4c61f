"""The container's health check: exit 0 when every model has a worker, and all workers are ready.

`/ping` calls a server healthy before it can answer, so the management port is asked.
"""

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any


def ask(path: str) -> Any:
    """Ask the management port."""
    token = json.loads(Path("key_file.json").read_text(encoding="utf-8"))["management"]["key"]
    headers = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"http://127.0.0.1:8081{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=4) as answer:
        return json.load(answer)


if __name__ == "__main__":
    try:
        models = [model["modelName"] for model in ask("/models")["models"]]
        workers = [ask(f"/models/{name}")[0]["workers"] for name in models]
    except OSError as error:
        sys.exit(str(error))
    states = [[worker["status"] for worker in few] for few in workers]
    print(*states)
    sys.exit(not states or any(not few or set(few) != {"READY"} for few in states))
