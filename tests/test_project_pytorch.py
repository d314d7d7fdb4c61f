"""PyTorch projects, rendered, installed and used for real.

What the web pages of texts and of series do before and after a model is the same with each engine,
and each engine computes their models in a browser when they are exported: one page is enough.
"""

from judges import how_to_judge
from page_proofs import prove_form, prove_series
from project_lab import Project
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
    on_posix,
)


class PyTorch(Suite):
    framework = "pytorch"
    package = "torch"


class TestImages(PyTorch, TaskSuite):
    """Image classification, by the commands of its README and docs."""

    alike = True
    alone = True


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

    @on_posix
    def test_page(self, project: Project) -> None:
        """The exported page, given histories: the forecasts are those of cases.json."""
        prove_series(project, "onnx")

    def test_fewer_bits(self, project: Project) -> None:
        """Scaled outside, int8 is still the model, in Python and in the web page."""
        project.run(f"uv run {project.slug} export onnx --precision int8")
        command = f"uv run {project.slug} predict examples/sales.csv"
        how_to_judge(self.task, command)[1](project, project.run(f"{command} --target onnx"))


class TestTexts(PyTorch, TextsSuite):
    """Texts, with every target."""

    @on_posix
    def test_form(self, project: Project) -> None:
        """The exported page, filled in by hand: the answers are those of cases.json."""
        prove_form(project, "onnx")


class TestDiffusion(PyTorch, DiffusionSuite):
    """Image generation, with the target that it has."""


class TestLanguage(PyTorch, LanguageSuite):
    """A language model, with every target that it has."""
