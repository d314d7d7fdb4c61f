"""PyTorch projects, rendered, installed and used for real."""

from suites import (
    DiffusionSuite,
    FrameworkSuite,
    LanguageSuite,
    SeriesSuite,
    Suite,
    TablesSuite,
    TargetSuite,
    TaskSuite,
    TextsSuite,
)


class PyTorch(Suite):
    framework = "pytorch"
    package = "torch"


class TestImages(PyTorch, TaskSuite):
    """Image classification, by the commands of its README and docs."""

    alike = True


class TestTargets(PyTorch, TargetSuite):
    """The targets, beyond their commands."""


class TestFramework(PyTorch, FrameworkSuite):
    """What depends on the framework alone."""


class TestToy(PyTorch, TaskSuite):
    """A task that is not in the template: added as CONTRIBUTING.md says, and used the same way."""

    task = "toy"
    alike = True
    own_tests = "none"  # those of every task, which the other projects run, and none of its own


class TestTables(PyTorch, TablesSuite):
    """Tables, with every target."""


class TestSeries(PyTorch, SeriesSuite):
    """Forecasting, with every target."""


class TestTexts(PyTorch, TextsSuite):
    """Texts, with every target."""


class TestDiffusion(PyTorch, DiffusionSuite):
    """Image generation, with the target that it has."""


class TestLanguage(PyTorch, LanguageSuite):
    """A language model, with every target that it has."""
