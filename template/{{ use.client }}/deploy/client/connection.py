"""Requests over HTTP or HTTPS; whatever goes wrong with one is an OSError of one sentence."""

import argparse
import http.client
import json
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def address(text: str) -> str:
    """Complete the URL of a server: HOST:PORT means http, and a slash at the end is cut.

    The scheme stays, and so does a path, which a proxy may want.
    """
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number
        usable = False
    if not usable or re.search(r"[\s?#@]", url):
        raise argparse.ArgumentTypeError(f"{text} is no URL such as https://example.org:8080")
    return url.rstrip("/")


class AsItComes(urllib.request.HTTPErrorProcessor):
    """Gives every answer as it is: urllib would follow redirects, even from https to http."""

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        """Leave an answer alone."""
        return response

    https_response = http_response


class Server:
    """A server by its URL.

    `timeout` is in seconds, `ca` a file with the certificates to trust in place of the system's,
    `token_file` one with a token to send.
    """

    def __init__(
        self, url: str, timeout: float, ca: Path | None = None, token_file: Path | None = None
    ) -> None:
        self.url = url
        self.timeout = timeout
        self.ca = ca
        self.token = read_token(token_file) if token_file else ""
        if ca and not ca.is_file():
            raise OSError(f"there is no file {ca}")
        try:
            context = ssl.create_default_context(cafile=ca)
        except ssl.SSLError:
            raise OSError(f"{ca} has no certificates in PEM") from None
        handler = urllib.request.HTTPSHandler(context=context)
        self.opener = urllib.request.build_opener(handler, AsItComes)

    def get(self, path: str) -> Any:
        """Send a GET; returns what the JSON of the answer says."""
        return self.send(path, None, {})

    def post(self, path: str, body: str | bytes, headers: Mapping[str, str] | None = None) -> Any:
        """Send a POST of JSON, or what `headers` say; returns what the JSON of the answer says."""
        content = body.encode() if isinstance(body, str) else body
        return self.send(path, content, {"Content-Type": "application/json", **(headers or {})})

    def send(self, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        """Send a request; raises OSError when there is no answer, or it refuses."""
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url + path, body, headers)
        try:
            with self.opener.open(request, timeout=self.timeout) as response:
                answer = response.read()
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise OSError(self.explain(getattr(error, "reason", error))) from error
        if 300 <= response.status < 400:
            place = response.headers["location"]
            raise OSError(f"the server says {response.status} and sends to {place}; see --url")
        if response.status != 200:
            raise OSError(f"the server says {response.status}: {words(answer)}")
        try:
            return json.loads(answer)
        except ValueError:
            raise OSError(f"{self.url}{path} gives no JSON: another server? See --url") from None

    def explain(self, reason: object) -> str:
        """Say in a sentence why there was no answer."""
        match reason:
            case TimeoutError():
                return f"no answer from {self.url} in {self.timeout:g} seconds; see --timeout"
            case ssl.SSLCertVerificationError():
                return f"no trust in {self.url} ({reason.verify_message}); see --ca"
            case ssl.SSLError():
                return f"{self.url} does not speak TLS as it should ({reason.reason}); see --url"
            case http.client.HTTPException():
                return f"{self.url} does not speak HTTP as it should; see --url"
        return f"no server answers at {self.url} ({reason}); start one with `serve`, or see --url"


def read_token(file: Path) -> str:
    """Read a token from a file, which must have nothing else."""
    if not file.is_file():
        raise OSError(f"there is no file {file}")
    token = file.read_text("utf-8", errors="replace").strip()
    if not re.fullmatch(r"[!-~]+", token):
        raise OSError(f"{file} must have a token and nothing else")
    return token


def words(answer: bytes) -> str:
    """Return the sentence in an answer that refuses, or the beginning of its text."""
    text = answer.decode(errors="replace")
    try:
        told = json.loads(text)
        text = str(told.get("error") or told.get("message") or text)
    except (ValueError, AttributeError):
        pass
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())[:300] or "nothing more"
