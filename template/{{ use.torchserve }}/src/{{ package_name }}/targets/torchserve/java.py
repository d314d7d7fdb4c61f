"""Find the Java that TorchServe runs on."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from ...errors import UserError

OLDEST = 17
HOW = (
    "install one (Debian, Ubuntu: apt install openjdk-17-jre-headless; macOS: brew install"
    " openjdk@17), and set JAVA_HOME if it is not on the PATH"
)


def require_java() -> int:
    """Return the version of the Java that TorchServe will start, such as 17.

    Raises UserError when there is none, or when it is too old.
    """
    home = os.environ.get("JAVA_HOME")  # TorchServe looks there first, and so does this
    program = str(Path(home, "bin", "java")) if home else shutil.which("java")
    needs = f"TorchServe needs Java {OLDEST} or newer"
    if program is None:
        raise UserError(f"{needs}, and there is none on the PATH; {HOW}")
    try:
        done = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=60)
        found = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    except (OSError, subprocess.TimeoutExpired):
        found = None
    if found is None:
        raise UserError(f"{needs}, and {program} is no Java that starts; {HOW}")
    version = int(found[1])
    if version < OLDEST:
        raise UserError(f"{needs}, and {program} is Java {version}; {HOW}")
    return version
