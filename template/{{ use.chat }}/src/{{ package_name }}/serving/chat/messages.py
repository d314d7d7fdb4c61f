"""OpenAI's chat messages: requests that are checked, answers, errors.

The protocol: https://platform.openai.com/docs/api-reference/chat
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import from_json

from ..requests import Refused, short

# What a request may have only with values that change nothing: this server cannot do more.
ONLY: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "response_format": ({"type": "text"},),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "modalities": (["text"],),
}
MOST_MESSAGES = 10_000  # in a chat, and
MOST_PARTS = 100  # in a message: what is beyond is not looked at
# What says nothing about the answer.
IGNORED = ("user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key")

Parsed = TypeVar("Parsed", bound=BaseModel)


class Message(BaseModel):
    """A part of a request: null is as good as absent, and nothing is converted."""

    model_config = ConfigDict(strict=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def without_nulls(cls, given: Any) -> Any:
        """Leave out what is null, and empty lists of what is not read here, such as tool calls."""
        if not isinstance(given, dict):
            return given
        known = cls.model_fields
        return {
            name: value
            for name, value in given.items()
            if value is not None and (value != [] or name in known)
        }


class Part(Message):
    """A part of a message; only texts are read."""

    type: Literal["text"]
    text: str


class ChatMessage(Message):
    """What somebody has said."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | Annotated[list[Part], Field(max_length=MOST_PARTS)]

    def plain(self) -> dict[str, str]:
        """Return the message as chat templates take it."""
        content = self.content
        if not isinstance(content, str):
            content = "".join(part.text for part in content)
        return {"role": "system" if self.role == "developer" else self.role, "content": content}


class StreamOptions(Message):
    """What comes at the end of a stream."""

    include_usage: bool = False
    include_obfuscation: bool = False


Stop = Annotated[str, Field(min_length=1, max_length=200)]


class ChatRequest(Message):
    """A request for the next answer in a chat."""

    model: str | None = None
    """the one that is served; it may be left out, which OpenAI's API does not allow"""
    messages: list[ChatMessage] = Field(min_length=1, max_length=MOST_MESSAGES)
    max_completion_tokens: int | None = Field(None, ge=1)
    max_tokens: int | None = Field(None, ge=1)
    temperature: float = Field(0.0, ge=0, le=2)
    top_p: float = Field(1.0, gt=0, le=1)
    seed: int | None = None
    stop: Stop | Annotated[list[Stop], Field(max_length=4)] = []
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()

    @property
    def stops(self) -> list[str]:
        """The texts that end an answer."""
        return [self.stop] if isinstance(self.stop, str) else self.stop


class Usage(BaseModel):
    """How many tokens a chat had."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Said(BaseModel):
    """What the model has said, or a piece of it."""

    role: Literal["assistant"] | None = None
    content: str | None = None


class Choice(BaseModel):
    """An answer; there is one only."""

    index: int = 0
    message: Said
    finish_reason: Literal["stop", "length"]


class ChatAnswer(BaseModel):
    """A whole answer."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    system_fingerprint: str
    choices: list[Choice]
    usage: Usage


class Delta(BaseModel):
    """A piece of an answer."""

    index: int = 0
    delta: Said
    finish_reason: Literal["stop", "length"] | None = None


class ChatChunk(BaseModel):
    """An event of a stream."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    system_fingerprint: str
    choices: list[Delta]
    usage: Usage | None = None


class Model(BaseModel):
    """The model, as clients list it."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str
    single_turn: bool
    """whether it has learnt from chats of one question only; no field of OpenAI's"""


class Models(BaseModel):
    """The list of models."""

    object: Literal["list"] = "list"
    data: list[Model]


class ErrorDetails(BaseModel):
    """What is wrong."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class Error(BaseModel):
    """OpenAI's form of an error."""

    error: ErrorDetails


def write_error(message: str, status: int, code: str) -> dict[str, Any]:
    """Write an error as OpenAI's clients read it."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return Error(error=ErrorDetails(message=message, type=kind, code=code or None)).model_dump()


def parse(body: bytes) -> ChatRequest:
    """Read a request; raises Refused with the first thing that is wrong."""
    try:
        given = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Refused(f"the body is no JSON: {error}") from None
    if not isinstance(given, dict):
        raise Refused("the body must be an object")
    check_support(given)
    known = {name: value for name, value in given.items() if name not in (*ONLY, *IGNORED)}
    try:
        return ChatRequest.model_validate(known)
    except ValidationError as error:
        raise Refused(explain(error)) from None


def explain(error: ValidationError) -> str:
    """Say in a sentence what is wrong; of a value that may be a text or a list, as a list."""
    found = error.errors(include_url=False, include_input=False)
    texts = {"str", "constrained-str"}  # beside names and places, pydantic names what it has tried
    lists = [entry for entry in found if not texts & set(entry["loc"])] or found
    deepest = max(lists, key=lambda entry: len(entry["loc"]))
    path = [str(part) for part in deepest["loc"] if part not in texts]
    where = ".".join(part for part in path if re.fullmatch(r"\w+", part))
    return f"{where[:100]}: {deepest['msg']}"


def check_support(given: Mapping[str, Any]) -> None:
    """Refuse what this server cannot do, instead of leaving it out silently."""
    for name, values in ONLY.items():
        found = given.get(name)
        if found is not None and not any(same(found, value) for value in values):
            shown = found if isinstance(found, int | float) else short(found)
            raise Refused(f"{name} = {shown} is not supported here", code="unsupported_parameter")


def same(found: object, value: object) -> bool:
    """Whether two values are the same in JSON; to Python, true is 1 as well."""
    return found == value and isinstance(found, bool) == isinstance(value, bool)
