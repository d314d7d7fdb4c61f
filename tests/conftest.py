"""Prints which questions and choices the tests have rendered, under pytest-xdist too."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import harness

if TYPE_CHECKING:
    from project_lab import Installer
    from pytest_copie.plugin import Copie

# Their assertions explain themselves, as those in test files do.
for pattern in ("*_lab.py", "suites.py", "project_*.py", "traffic_*.py", "judges"):
    for file in Path(__file__).parent.glob(pattern):
        pytest.register_assert_rewrite(file.stem)

LONGEST = ("test_project_", "test_update")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker is left alone with one of them."""
    items.sort(key=lambda item: not item.path.name.startswith(LONGEST))


@pytest.fixture(scope="module")
def installed(
    copie_session: Copie, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installer]:
    """Render and install projects, which share one environment for each file of tests."""
    from project_lab import Installer

    installer = Installer(copie_session, tmp_path_factory.mktemp("installed"))
    yield installer
    installer.close()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:  # a worker of pytest-xdist: hand the counts to the controller
        output["rendered"] = harness.COVERAGE.dump()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    harness.COVERAGE.load(getattr(node, "workeroutput", {}).get("rendered", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if harness.COVERAGE.answers:
        terminalreporter.section("answers rendered (! never)")
        for line in harness.COVERAGE.lines():
            terminalreporter.write_line(line)
