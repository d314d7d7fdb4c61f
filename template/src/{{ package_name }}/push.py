"""Upload a run, or an artifact of it, when its owner asks: to the Hugging Face Hub or a registry.

The Hub is used with the login that its own client keeps, or with HF_TOKEN of the environment. Where
the project's tracker has a registry of models, `registry.py` uploads there instead.
"""

import importlib
import importlib.util
import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import targets
from .errors import UserError
from .printing import counted
from .project import project
from .runs import Run
from .storage import write_atomic

NAME = re.compile(r"(?!.*(--|\.\.))[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII)
LOGIN = "log in with `uvx hf auth login`, or set HF_TOKEN in the environment"


def push(run: Run, name: str, target: str | None, public: bool) -> dict[str, Any]:
    """Upload a run's model, or a target's artifact; returns what `push --json` prints.

    Nothing else of the run is uploaded: no checkpoints, no data. Raises UserError where the other
    side refuses or does not answer.
    """
    if not NAME.fullmatch(name):
        raise UserError(f"{name!r} is no name for an upload: take NAME, or OWNER/NAME")
    with tempfile.TemporaryDirectory(prefix="push-") as scratch:
        folder = Path(scratch) / "model"
        gather(run, target, folder)
        if importlib.util.find_spec(f"{__package__}.registry"):
            registry: Any = importlib.import_module(".registry", __package__)
            where = registry.register(run, name, folder)
        else:
            where = upload(run, name, folder, public)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        size = sum(file.stat().st_size for file in files)
    return {"run": run.name, "where": where, "files": len(files), "bytes": size}


def gather(run: Run, target: str | None, folder: Path) -> None:
    """Put together what is uploaded, with a card where there is none yet."""
    card = run.card()
    if target is None:
        shutil.copytree(run.path / "model", folder)
        shutil.copy(run.path / "config.toml", folder)
    else:
        about = targets.manifest(target)
        if about.weights_sha256 != card["weights_sha256"]:
            raise UserError(f"the artifact is not of run {run.name}; run `export {target}`")
        # A target may say which of its folders others expect.
        part = getattr(targets.load_module(target), "pushed", lambda found: found)
        shutil.copytree(part(targets.folder(target)), folder)
    if not (folder / "README.md").is_file():
        write_atomic(folder / "README.md", card_text(run, {}).encode())


def card_text(run: Run, head: Mapping[str, object]) -> str:
    """Write what is known of a run as a card for the Hub, with more entries for its head of YAML.

    Source: https://huggingface.co/docs/hub/model-cards.
    """
    card, about = run.card(), project()
    entries = {"license": about.licence.lower()} if about.licence else {}
    lines = [f"{key}: {json.dumps(value)}" for key, value in {**entries, **head}.items()]
    data = card["data"]
    found = [
        *("---", *lines, "---", "", f"# {about.title or about.name}", ""),
        *([about.summary, ""] if about.summary else []),
        f"- Starts from: {card['starts_from'] or 'new weights'}.",
        f"- Data: {data['name']} ({data['licence']}): {data['train']:,} samples to learn from,"
        f" {data['validation']:,} to validate and {data['test']:,} to test.",
        *([f"- From {data['source']}, {data['source_hash']}."] if data.get("source") else []),
        f"- Test: {', '.join(f'{name} {value:.4g}' for name, value in card['test'].items())}.",
        f"- Training: {counted(card['steps'], 'step')} with {card['framework']}"
        f" {card['framework_version']}; weights_sha256 {card['weights_sha256']}.",
        *(f"- {sentence[0].upper()}{sentence[1:]}." for sentence in card["verdict"]),
    ]
    return "\n".join(found) + "\n"


def upload(run: Run, name: str, folder: Path, public: bool) -> str:
    """Upload a folder to the Hub; returns its address. A repository that is new is private."""
    try:
        import httpx2  # which the Hub's client brings
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError
    except ImportError as error:
        raise UserError("the Hub's client is not installed: `uv add huggingface_hub`") from error
    try:
        api = HfApi()
        repository = api.create_repo(name, private=not public, exist_ok=True)
        api.upload_folder(
            repo_id=repository.repo_id, folder_path=folder, commit_message=f"Run {run.name}"
        )
    except LocalTokenNotFoundError as error:
        raise UserError(f"the Hub does not know you; {LOGIN}") from error
    except HfHubHTTPError as error:
        if error.response.status_code in (401, 403):
            raise UserError(f"the Hub does not let you write to {name}; {LOGIN}") from error
        raise UserError(f"the Hub refused {name}: {str(error).strip().splitlines()[0]}") from error
    except (OSError, httpx2.HTTPError) as error:
        reason = str(error).strip() or type(error).__name__
        raise UserError(f"the Hub cannot be reached: {reason.splitlines()[0]}") from error
    return str(repository)
