"""Run folders: `runs/<name>/` holds all that one training used, said and made."""

import contextlib
import dataclasses
import json
import re
import shlex
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import config as configuration
from .config import Config
from .dataset import Dataset
from .errors import UserError
from .signature import Batch, Signature
from .storage import sha256_arrays, write_atomic

RUNS = Path("runs")
MOST_NAMED = 5  # runs that a sentence names
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True)
class Run:
    """One run folder: config.toml, metrics.jsonl, checkpoints/, model/."""

    path: Path
    config: Config
    writes: bool = True
    """False in every process of a training but the first: it reads and writes no files"""

    @property
    def name(self) -> str:
        """The folder's name, which commands take as RUN."""
        return self.path.name

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def weights(self) -> Path:
        """The trained weights, without pickle."""
        return self.path / "model" / "weights.safetensors"

    @property
    def golden_file(self) -> Path:
        """Some inputs, and the trained model's outputs for them."""
        return self.path / "model" / "golden.safetensors"

    @property
    def card_file(self) -> Path:
        """What is known about the trained model."""
        return self.path / "model" / "model.json"

    @property
    def kept(self) -> bool:
        """Whether the run is still there, to go on from or to use."""
        return (self.path / "config.toml").is_file()

    @property
    def resuming(self) -> str:
        """The arguments that go on with this run, for hints."""
        folder = self.path.parent
        where = "" if folder == RUNS else f" --runs {shlex.quote(str(folder))}"
        return f"train --resume {self.name}{where}"

    @property
    def finished(self) -> bool:
        """Whether the training came to its end: the card is the last thing it writes."""
        return self.card_file.is_file()

    def card(self) -> dict[str, Any]:
        """Read what is known about the trained model; UserError when there is none yet."""
        if not self.finished:
            finish = f"finish it with `{self.resuming}`"
            raise UserError(f"run {self.name} has no trained model yet; {finish}")
        try:
            card: dict[str, Any] = json.loads(self.card_file.read_bytes())
        except (OSError, ValueError) as error:
            raise UserError(f"run {self.name} is damaged: model/model.json: {error}") from error
        return card

    def signature(self) -> Signature:
        """Return what the trained model takes and gives."""
        return Signature.from_json(self.card()["signature"])

    def golden(self) -> tuple[Batch, Batch]:
        """Read the golden rows' inputs, and the trained model's own outputs for them.

        Exports are compared with these, so that no verification has to load the framework.
        """
        import safetensors.numpy  # a server's image does without it

        card = self.card()
        try:
            stored = safetensors.numpy.load_file(self.golden_file)
        except (OSError, safetensors.SafetensorError) as error:
            raise UserError(f"run {self.name} is damaged: golden.safetensors: {error}") from error
        if sha256_arrays(stored) != card["golden_sha256"]:
            raise UserError(f"run {self.name} is damaged: golden.safetensors has changed")
        sides: dict[str, Batch] = {"inputs": {}, "outputs": {}}
        for name, array in stored.items():
            side, _, tensor = name.partition("/")
            sides[side][tensor] = array
        return sides["inputs"], sides["outputs"]

    def dataset(self) -> Dataset:
        """Load the data; UserError when the test split is not the one the run was judged on."""
        from . import sources  # a server's image does without what it imports

        loaded = sources.load(self.config.data)
        if loaded.test.fingerprint() != self.card()["data"]["test_sha256"]:
            raise UserError(f"the data have changed since run {self.name}; train again")
        return loaded

    def metrics(self) -> list[dict[str, Any]]:
        """Read metrics.jsonl; a last line that a kill cut short is left out."""
        file = self.path / "metrics.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        records = []
        for line in lines:
            with contextlib.suppress(ValueError):
                records.append(json.loads(line))
        return records

    def forget_metrics_after(self, step: int) -> None:
        """Drop the lines that a killed run wrote past its last checkpoint."""
        lines = [json.dumps(record) for record in self.metrics() if record["step"] <= step]
        if self.writes:
            write_atomic(self.path / "metrics.jsonl", "".join(f"{x}\n" for x in lines).encode())

    def keep_settings(self, section: str, **values: object) -> "Run":
        """Keep what was chosen by what is there, so that a resumed run has it as well."""
        settings = dataclasses.replace(getattr(self.config, section), **values)
        config = dataclasses.replace(self.config, **{section: settings})
        if self.writes:
            write_atomic(self.path / "config.toml", configuration.dump(config).encode())
        return dataclasses.replace(self, config=config)

    def discard_if_empty(self) -> bool:
        """Remove a run that failed before its first checkpoint: there is nothing to go on from.

        Returns whether it did; the name can then be given again.
        """
        if not self.writes or any(self.checkpoints.glob("*")):
            return False
        shutil.rmtree(self.path, ignore_errors=True)
        return True

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for one process; the system lets go of it even after SIGKILL."""
        import filelock  # a server has no runs to lock, and its image does without

        try:
            with filelock.FileLock(self.path / ".lock", timeout=0):
                yield
        except filelock.Timeout as error:
            raise UserError(f"run {self.name} is in use by another process") from error


def create(config: Config, folder: Path = RUNS) -> Run:
    """Make a new run folder, named by the time; two at once get two names."""
    start = time.strftime("%Y%m%d-%H%M%S")
    folder.mkdir(parents=True, exist_ok=True)
    names = (start, *(f"{start}-{attempt}" for attempt in range(2, 1000)))
    path = next(folder / name for name in names if claim(folder / name))
    return begin(path, config)


def open_named(name: str, config: Config, changes: Mapping[str, object], folder: Path) -> Run:
    """Open the run of a name, or make it.

    Raises UserError for a name that is none, for one of a folder with other files, and where the
    run has other settings than `changes`.
    """
    if not NAME.fullmatch(name):
        raise UserError(f"--name {name!r} must be of letters, digits and - _ . only")
    if (folder / name / "config.toml").is_file():
        run = find(name, finished=False, folder=folder)
        configuration.refuse_changes(run.config, changes, f"run {name}")
        return run
    # A run that fails at once is removed with its folder, so nobody else's files may be in there.
    others = sorted(file.name for file in (folder / name).glob("[!.]*"))
    if others and others != ["checkpoints"]:
        raise UserError(
            f"{folder / name} is the folder of no run and has files, such as {others[0]};"
            " choose another --name"
        )
    (folder / name).mkdir(parents=True, exist_ok=True)
    return begin(folder / name, config)


def begin(path: Path, config: Config) -> Run:
    """Write what a new run starts from into its folder."""
    (path / "checkpoints").mkdir(exist_ok=True)
    write_atomic(path / "config.toml", configuration.dump(config).encode())
    return Run(path, config)


def claim(folder: Path) -> bool:
    """Make a folder; returns whether it is new."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        return True
    return False


def find(name: str | None = None, finished: bool = True, folder: Path = RUNS) -> Run:
    """Open a run by its name or path, or the newest one; UserError when there is none.

    The newest is the newest finished one, if there is any: a training may be under way.
    """
    if name is None:
        made = [path for path in folder.glob("*/config.toml") if path.parent.name[0] != "."]
        if not made:
            where = "here" if folder == RUNS else f"in {folder}"
            raise UserError(f"there are no runs {where} yet; make one with `train`")
        done = [path for path in made if (path.parent / "model" / "model.json").is_file()]
        wanted = done if finished and done else made
        path = max(wanted, key=lambda file: (file.stat().st_mtime_ns, file.parent.name)).parent
    else:
        path = folder / Path(name).name
        if not (path / "config.toml").is_file():
            made = sorted(folder.glob("*/config.toml"), key=lambda file: -file.stat().st_mtime_ns)
            known = ", ".join(file.parent.name for file in made[:MOST_NAMED]) or "none"
            more = f" and {len(made) - MOST_NAMED} older ones" if len(made) > MOST_NAMED else ""
            raise UserError(f"there is no run {name!r}; runs here: {known}{more}")
    return Run(path, configuration.read(path / "config.toml"))
