"""Servers: what all servers of this project share, and the two kinds that targets choose from.

- `run.py`       opens the socket, serves until a signal, and drops clients that stall.
- `requests.py`  reads bodies within limits; `responses.py` writes errors and constants.
- `app.py`       the Open Inference Protocol v2 over any model; `protocol.py` has its messages.
- `openapi.py`   describes that server for programs.
- `static.py`    the files of an artifact as a web site, where a target has one.
"""
