"""What FROM names, for tests: pulled, or replaced where no registry can be reached.

Debian's image is made from its packages, and Python's from those and a Python of this machine. They
are kept in podman's storage as `localhost/stand-in/...` and have the names that FROM asks for only
while tests run, so that nothing is built on them by accident.
"""

from __future__ import annotations

import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from containers import Engine, Podman, run, succeeds


class NoImage(Exception):
    """An image can neither be pulled nor be replaced by a stand-in."""


@contextmanager
def base_images(engine: Engine, dockerfile: Path) -> Iterator[None]:
    """Bring the images that a Dockerfile begins with; raises NoImage where that cannot be."""
    names = re.findall(r"^FROM (\S+)", dockerfile.read_text(encoding="utf-8"), re.MULTILINE)
    with ExitStack() as borrowed:
        for name in names:
            if engine.has(name) or succeeds(*engine.command, "pull", name):
                continue
            if not isinstance(engine, Podman) or not name.startswith(("python:", "debian:")):
                raise NoImage(f"{name} cannot be pulled")
            kept = f"localhost/stand-in/{name}"
            if not engine.has(kept):
                make_stand_in(name, kept)
            engine("tag", kept, f"localhost/{name}")
            borrowed.callback(engine, "untag", kept, f"localhost/{name}")
        yield


def make_stand_in(name: str, image: str) -> None:
    """Make an image like Debian's, or like Python's: Debian and a Python of this machine."""
    kind, tag = name.split(":")
    suite = tag.removesuffix("-slim").rpartition("-")[2]
    with tempfile.TemporaryDirectory() as made:
        root, local = Path(made, "root.tar"), Path(made, "local")
        if kind == "python":
            copy_python(".".join(tag.split(".")[:2]), local)
        make_debian(suite, root)
        container = run("buildah", "from", "scratch").strip()
        try:
            run("buildah", "add", "--quiet", container, root, "/")
            if kind == "python":
                add_python(container, local)
            run("buildah", "commit", "--quiet", container, image)
        finally:
            run("buildah", "rm", container)


def make_debian(suite: str, root: Path) -> None:
    """Make an archive of a small Debian, from where and how this machine gets its packages."""
    options = root.with_suffix(".conf")
    options.write_text(run("apt-config", "dump", "Acquire"), encoding="utf-8")
    # The second package needs what the modules of Python's own library are linked to.
    packages = "ca-certificates,libpython3-stdlib"
    run(
        *("mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}"),
        *(f"--aptopt={options}", suite),
        *(root, *debian_sources(suite, root.parent)),
    )


def debian_sources(suite: str, folder: Path) -> list[Path]:
    """List this machine's files of apt that name a suite, or copies in `folder` that do."""
    every = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    files = {file: file.read_text("utf-8") for file in every if file.is_file()}

    def naming(suite: str) -> list[Path]:
        named = re.compile(rf"^(deb .*|Suites:.*) {suite}\s", re.MULTILINE)
        return [file for file, text in files.items() if named.search(text)]

    if found := naming(suite):
        return found
    own = platform.freedesktop_os_release()["VERSION_CODENAME"]
    copies = []
    for file in naming(own):
        copies.append(folder / file.name)
        copies[-1].write_text(files[file].replace(own, suite), "utf-8")
    return copies


def add_python(container: str, local: Path) -> None:
    """Put a copied Python into a container of Debian."""
    inside = ("buildah", "run", "--isolation=chroot", container, "--")
    path = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
    settings = ("--env", f"PATH={path}", "--env", "LANG=C.UTF-8", "--cmd", "python3")
    run("buildah", "copy", "--quiet", container, local, "/usr/local")
    run("buildah", "config", *settings, container)
    run(*inside, "ldconfig")
    run(*inside, "python", "-m", "ensurepip")
    run(*inside, "ln", "-s", "pip3", "/usr/local/bin/pip")


def copy_python(version: str, folder: Path) -> None:
    """Copy a Python of this machine, without the packages that were installed for it."""
    prefix = Path(run(find_python(version), "-c", "import sys; print(sys.base_prefix)").strip())
    name = f"python{version}"
    unneeded = shutil.ignore_patterns("site-packages", "test", "config-*", "__pycache__")
    shutil.copytree(prefix / "lib" / name, folder / "lib" / name, ignore=unneeded)
    for shared in prefix.glob("lib/libpython*.so*"):
        shutil.copy2(shared, folder / "lib", follow_symlinks=False)
    (folder / "bin").mkdir()
    shutil.copy2(prefix / "bin" / name, folder / "bin")
    for short in ("python", "python3"):
        (folder / "bin" / short).symlink_to(name)


def find_python(version: str) -> Path:
    """Find a Python such as 3.13: this one, its neighbours (pyenv, uv), or one on the PATH."""
    base = Path(sys.base_prefix)
    found = [base / "bin" / f"python{version}"]
    found += sorted(base.parent.glob(f"*{version}*/bin/python{version}"))
    found += [Path(path) for path in [shutil.which(f"python{version}")] if path]
    for python in found:
        if succeeds(str(python), "-c", ""):  # pyenv's shims fail
            return python
    raise NoImage(f"no registry can be reached, and this machine has no Python {version}")
