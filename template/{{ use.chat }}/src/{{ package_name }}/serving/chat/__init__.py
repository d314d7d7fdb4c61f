"""A language model behind OpenAI's API, and a page to chat with it.

- `app.py`       the server, put together from its routes
- `routes.py`    its paths; `messages.py` what is sent and answered
- `answers.py`   an answer in OpenAI's form, whole or as a stream
- `engine.py`    the queue in front of the model, and the threads that write
- `writing.py`   an answer's text, up to where it is to stop
- `page/`        the page
"""
