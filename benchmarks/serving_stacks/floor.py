"""The bare floor: uvicorn with a constant answer, set up as the rendered server sets it up.

python floor.py PORT          reads the request's body and gives always the same answer
python floor.py PORT model    the same, and computes the model every time
"""

import json
import sys
from typing import Any

import uvicorn
from network import Network

port, *computes = sys.argv[1:]
network = Network()
images = network.images()
entry = {"name": network.source, "shape": images.shape, "data": images.ravel().tolist()}
body = json.dumps(network.answer({"inputs": [entry]}), separators=(",", ":")).encode()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer every request alike."""
    while (await receive()).get("more_body"):
        pass
    if computes:
        network.compute(images)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": body})


uvicorn.run(
    app,
    port=int(port),
    http="httptools",
    loop="asyncio",
    ws="none",
    lifespan="off",
    log_level="error",
    access_log=False,
    proxy_headers=False,
    server_header=False,
)
