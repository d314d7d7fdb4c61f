"""Servers: what all servers of this project share, and the kinds that targets choose from.

- `requests.py`  bodies within limits, errors as sentences; `observability.py` logs and figures
- `access.py`    who may ask, and what /docs says
- `tensors.py`   turns values of JSON into checked arrays
- `run.py`       opens the socket and serves until a signal

Where a target has an inference server, `app.py` is that of any model:

- `routes.py`    its paths: the Open Inference Protocol v2, and what cloud services ask
- `messages.py`  the protocol's messages
- `engine.py`    the queue and the threads behind the paths; `batching.py` joins requests

Where a task takes texts, `texts.py` reads them in messages. Where a target is a web page,
`static.py` has the files of an artifact as a site; where one is a language model, `chat/` has
OpenAI's API and a page to chat.
"""
