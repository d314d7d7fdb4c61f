"""The base: where its folder is, its tokenizer, and what is known about it. No framework here."""

import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import hub, tiny
from .errors import UserError
from .storage import sha256_file, sha256_json
from .task import DataSettings

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# Transformers tells otherwise of the threads that forked processes must not share, and of much that
# is as it should be, between the lines of ours. Errors still show.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
TINY = "tiny"
FILES = ("*.json", "*.safetensors", "*.jinja", "*.model", "*.txt", "README.md")


def folder(name: str, revision: str) -> Path:
    """Return the folder of a base that is not `tiny`; UserError where it cannot be used."""
    found = hub.find(name, revision, "base", FILES)
    config = hub.read_json(found / "config.json", "a base")
    if config.get("auto_map"):
        raise UserError(
            f"{name} is code of its own, which is never run here; choose a base that Transformers"
            " knows by itself"
        )
    if not any(found.glob("*.safetensors")):
        raise UserError(f"{name} has no weights in safetensors; other files are not loaded")
    return found


def config_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Read a base's config.json."""
    if facts["base"] == TINY:
        return tiny.config()
    return hub.read_json(folder(facts["base"], facts["revision"]) / "config.json", "a base")


@functools.lru_cache(maxsize=2)
def load_tokenizer(name: str, revision: str) -> "PreTrainedTokenizerBase":
    """Load the tokenizer of a base; UserError where there is none."""
    if name == TINY:
        return tiny.tokenizer()
    from transformers import AutoTokenizer

    path = folder(name, revision)
    try:
        found: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            path, trust_remote_code=False, local_files_only=True
        )
    except Exception as error:  # Transformers' readers raise errors of many kinds
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise UserError(f"the tokenizer of {name} cannot be loaded: {reason}") from error
    return found


def tokenizer_of(facts: Mapping[str, Any]) -> "PreTrainedTokenizerBase":
    """Return the tokenizer that a run was trained with, its chat template included."""
    found = load_tokenizer(facts["base"], facts["revision"])
    found.chat_template = facts["template"] or None
    return found


def describe(settings: DataSettings) -> dict[str, Any]:
    """Read what the facts say of a base.

    `base` and `revision` as the settings name it; `base_name`, which is no path, and its `licence`;
    `base_sha256`, of all that it is; `vocabulary`, how many tokens it knows; `most_length`, how
    many it takes at once; `template`, of its chats; `stop`, the tokens that end an answer, the
    usual one first; `pad`, the token that fills rows up.
    """
    found = load_tokenizer(settings.base, settings.revision)
    template = read_template(settings.template) or str(found.chat_template or "")
    if "strftime_now" in template:
        raise UserError(
            "the base's chat template writes today's date, so that chats would be other tokens each"
            " day; give it without the date with --template"
        )
    about: dict[str, Any] = {"base": settings.base, "revision": settings.revision}
    if settings.base == TINY:
        config, options = tiny.config(), {}
        about |= {"base_name": "", "licence": ""}
        about["base_sha256"] = sha256_json([config, found.get_vocab(), tiny.SPLIT])
    else:
        path = folder(settings.base, settings.revision)
        config = hub.read_json(path / "config.json", "a base")
        file = path / "generation_config.json"
        options = hub.read_json(file, "a base") if file.is_file() else {}
        local = Path(settings.base).expanduser().is_dir()
        about |= {"base_name": path.name if local else settings.base, "licence": hub.licence(path)}
        about["base_sha256"] = hash_of(path)
    stop = stops(found, options, settings.base)
    most = [config.get("max_position_embeddings"), found.model_max_length]
    return about | {
        "vocabulary": int(config.get("vocab_size") or len(found)),
        "most_length": int(min(limit for limit in (*most, 2**20) if limit)),
        "template": template,
        "stop": stop,
        "pad": stop[0] if found.pad_token_id is None else int(found.pad_token_id),
    }


def check(facts: Mapping[str, Any]) -> None:
    """Raise UserError where a base is no longer the one that a run has learnt from."""
    name = facts["base"]
    if name != TINY and hash_of(folder(name, facts["revision"])) != facts["base_sha256"]:
        raise UserError(f"{name} has changed since the run was trained on it; train again")


def hash_of(path: Path) -> str:
    """Hash the files of a base that a result depends on."""
    files = [*path.glob("*.json"), *path.glob("*.safetensors"), *path.glob("*.model")]
    return sha256_json({file.name: sha256_file(file) for file in sorted(files)})


def stops(found: "PreTrainedTokenizerBase", options: Mapping[str, Any], name: str) -> list[int]:
    """Return the tokens that end an answer; UserError where the base names none."""
    more = options.get("eos_token_id")
    tokens = [found.eos_token_id, *(more if isinstance(more, list) else [more])]
    known = list(dict.fromkeys(int(token) for token in tokens if token is not None))
    if not known:
        raise UserError(f"{name} names no token that ends an answer (eos_token)")
    return known


def read_template(file: str) -> str:
    """Read a chat template of one's own; nothing where none is named."""
    if not file:
        return ""
    try:
        return Path(file).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the chat template {file} cannot be read: {error}") from error
