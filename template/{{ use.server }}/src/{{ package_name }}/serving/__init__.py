"""Servers: what all of this project's have in common, and the two kinds that targets choose from.

- `listen.py`    opens the socket, runs until a signal, and drops clients that stall.
- `intake.py`    takes bodies in within limits of size and time; `answers.py` says what went wrong.
- `app.py`       the Open Inference Protocol v2 over any model; `protocol.py` knows its messages.
- `site.py`      a static web site: the files of an artifact, and nothing else.
"""
