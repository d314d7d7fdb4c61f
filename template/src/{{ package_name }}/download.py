"""One file from an https address into a folder, with a progress bar."""

import mimetypes
import re
import shutil
import sys
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from tqdm import tqdm

from .errors import UserError
from .project import project

TIMEOUT = 60  # seconds without a byte
PIECE = 2**20  # bytes
SAFE = "/:?&=%#@!$'()*+,;~-._[]"  # in an address; all else is written in ASCII


class SafeRedirects(HTTPRedirectHandler):
    """Follows to addresses of the same scheme only: what began encrypted stays so."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Return the request to the new address; UserError where it is not encrypted."""
        before, after = urlsplit(req.full_url), urlsplit(newurl)
        if after.scheme != before.scheme:
            raise UserError(f"{before.hostname} leads on to {after.scheme}://, which is not used")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(address: str, folder: Path) -> Path:
    """Download a file into `folder`; proxies are those of the environment.

    Raises UserError in one sentence where the server cannot be reached, refuses, or stops early.
    """
    headers = {"User-Agent": f"{project().name} (Python)", "Accept-Encoding": "identity"}
    try:
        answer = build_opener(SafeRedirects).open(
            Request(quote(address, safe=SAFE), headers=headers), timeout=TIMEOUT
        )
    except HTTPError as error:
        error.close()
        raise UserError(f"{address} answers {error.code} {error.reason}") from error
    except (OSError, HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise UserError(f"{address} cannot be reached: {reason}") from error
    with answer:
        if answer.headers.get_content_type() == "text/html":
            raise UserError(f"{address} is a web page, not a file of data")
        file = folder / file_name(address, answer)
        save(address, answer, file)
    return file


def save(address: str, answer: HTTPResponse, file: Path) -> None:
    """Write the body of an answer into a file; UserError where it is cut short."""
    told = answer.headers.get("Content-Length", "")
    total = int(told) if told.isdecimal() else None
    free = shutil.disk_usage(file.parent).free
    if total is not None and total > free:
        raise UserError(f"{address} has {total:,} bytes, and the disk has room for {free:,}")
    shown = sys.stderr.isatty()
    got = 0
    bar = tqdm(total=total, desc="fetching", unit="B", unit_scale=True, disable=not shown)
    with bar, file.open("xb") as stream:
        while piece := read(address, answer):
            stream.write(piece)
            got += len(piece)
            bar.update(len(piece))
    if total is not None and got != total:
        raise UserError(f"{address} stopped after {got:,} of {total:,} bytes; try again")


def read(address: str, answer: HTTPResponse) -> bytes:
    """Read the next piece."""
    try:
        return answer.read(PIECE)
    except (OSError, HTTPException) as error:
        raise UserError(f"{address} stopped: {str(error) or type(error).__name__}") from error


def file_name(address: str, answer: HTTPResponse) -> str:
    """Name the file: by the address, else by what the server says, with an ending where known."""
    told = answer.headers.get_filename() or ""
    paths = (urlsplit(address).path, told.replace("\\", "/"), urlsplit(answer.url).path)
    names = [re.sub(r"[^\w .()+-]", "_", PurePosixPath(unquote(path)).name) for path in paths]
    names = [name.lstrip(".")[-100:] for name in names]
    for name in names:
        if PurePosixPath(name).suffix:
            return name
    ending = mimetypes.guess_extension(answer.headers.get_content_type()) or ""
    return (names[0] or "data") + ending
