"""What the Content-Type of a request says: the kind of its body, and the encoding of a text."""

import codecs
from email.message import EmailMessage

from .requests import Refused

# Python's codecs whose time grows with the square of a text's length.
SLOW = ("idna", "punycode")


def read_content_type(text: str) -> tuple[str, str]:
    """Read a Content-Type: the kind in small letters, such as text/csv, and the charset or ""."""
    message = EmailMessage()
    message["Content-Type"] = text.replace("\r", " ").replace("\n", " ")
    return text.partition(";")[0].strip().lower(), message.get_content_charset("")


def to_utf8(body: bytes, kind: str, charset: str) -> bytes:
    """Turn a body that is text into UTF-8, out of the encoding that its sender names.

    Raises Refused for an encoding that is unknown, or is not that of the text.
    """
    if not kind.startswith("text/"):
        return body
    try:
        name = codecs.lookup(charset or "utf-8").name
        if name in SLOW:
            raise LookupError
        return body.decode(name).encode()
    except UnicodeError:
        hint = "" if charset else f", or name its encoding, as in {kind}; charset=cp1252"
        raise Refused(f"the body is not in {charset or 'UTF-8'}; send UTF-8{hint}") from None
    except (LookupError, ValueError):
        raise Refused("the charset in Content-Type is unknown; send UTF-8") from None
