"""Servers: what all servers of this project share, and the two kinds that targets choose from.

- `app.py`       the inference server of any model: limits on who may ask, `/docs`, `/metrics`
- `routes.py`    its paths: the Open Inference Protocol v2, and what cloud services ask
- `messages.py`  the protocol's messages; `tensors.py` turns values of JSON into checked arrays
- `engine.py`    the queue and the threads behind the paths; `batching.py` joins requests
- `requests.py`  bodies within limits, errors as sentences; `observability.py` logs and figures
- `run.py`       opens the socket and serves until a signal
- `static.py`    the files of an artifact as a web site, where a target has one
"""
