"""Data under the care of DVC: a .dvc file says which they are, and its md5 is held against them.

DVC itself is asked by `fetch` only, where it is installed. Source of the format:
https://doc.dvc.org/user-guide/project-structure/dvc-files.
"""

import hashlib
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from .addresses import CACHE, Found
from .errors import UserError
from .project import command
from .storage import files_below, is_unchanged

LINE = re.compile(r"(?:- |  )(\w+):(?: (.*))?")


def is_dvc_file(source: str) -> bool:
    """Whether a source is a file of DVC, by its name."""
    return source.endswith(".dvc")


def find(source: str) -> Found:
    """Find the data of a .dvc file; UserError where they are not here, or are not what it says."""
    file = Path(source).expanduser()
    path, md5 = read(file)
    quoted = shlex.quote(str(file))
    if not path.exists():
        pull = f"`dvc pull {quoted}`, or `{command()} fetch --source {quoted}`"
        raise UserError(f"the data of {file} are not here; bring them with {pull}")
    key = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    if not is_unchanged(path, md5, md5_of, CACHE / f"dvc-{key}.json"):
        raise UserError(
            f"{path} is not what {file} says: `dvc checkout {quoted}` brings that back, and"
            f" `dvc add {path}` keeps what is there now"
        )
    return Found(path, source if not file.is_absolute() else file.name, f"md5:{md5}")


def fetch(source: str, again: bool) -> Found:
    """Let the DVC that is installed bring the data of a .dvc file, unless they are here."""
    file = Path(source).expanduser()
    path, _ = read(file)
    if again or not path.exists():
        tool = shutil.which("dvc")
        pull = f"dvc pull {shlex.quote(str(file))}"
        if tool is None:
            raise UserError(f"DVC is not installed here; install it, and run `{pull}`")
        done = subprocess.run([tool, "pull", str(file)], capture_output=True, text=True)
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            reason = said[0].removeprefix("ERROR: ") if said else done.stderr.strip()[-200:]
            raise UserError(f"`{pull}` failed: {reason}")
    return find(source)


def read(file: Path) -> tuple[Path, str]:
    """Read which file or folder a .dvc file stands for, and its md5.

    Only what `dvc add` and its like write is understood: one output, with values on lines of their
    own, a long one on several.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} cannot be read: {error}") from error
    section, name, base = "", "", ""
    outputs: list[dict[str, str]] = []
    for line in lines:
        if line[:1] not in ("", " ", "-", "#"):
            section, _, rest = line.partition(":")
            base = rest.strip() if section == "wdir" else base
        elif section == "outs" and line.strip():
            outputs += [{}] if line.startswith("- ") else []
            if found := LINE.fullmatch(line):
                name = found[1]
                outputs[-1][name] = found[2] or ""
            elif outputs and name:
                outputs[-1][name] = f"{outputs[-1][name].rstrip()} {line.strip()}"
    if len(outputs) != 1 or not {"md5", "path"} <= outputs[0].keys():
        raise UserError(f"{file} does not name one file or folder with its md5")
    if outputs[0].get("hash") != "md5":
        raise UserError(f"{file} is of DVC 2; `dvc cache migrate --dvc-files` renews it")
    path = file.parent / plain(base) / plain(outputs[0]["path"])
    return path, plain(outputs[0]["md5"])


def plain(value: str) -> str:
    """Take the quotes off a value, as YAML has them."""
    value = value.strip()
    if value[:1] == "'":
        return value[1:-1].replace("''", "'")
    try:
        return str(json.loads(value)) if value[:1] == '"' else value
    except ValueError as error:
        raise UserError(f"{value} is not understood; DVC would write it otherwise") from error


def md5_of(path: Path) -> str:
    """Hash a file, or a folder's names and contents, as DVC does."""
    if path.is_file():
        return md5_file(path)
    listed = [
        {"md5": md5_file(file), "relpath": file.relative_to(path).as_posix()}
        for file in files_below(path)
    ]
    listed.sort(key=lambda entry: entry["relpath"])
    return hashlib.md5(json.dumps(listed, sort_keys=True).encode()).hexdigest() + ".dir"


def md5_file(file: Path) -> str:
    """Hash the bytes of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "md5").hexdigest()
