"""TensorFlow projects, rendered, installed and used for real."""

from suites import (
    FrameworkSuite,
    SeriesSuite,
    Suite,
    TablesSuite,
    TargetSuite,
    TaskSuite,
    TextsSuite,
)


class TensorFlow(Suite):
    framework = "tensorflow"
    package = "tensorflow"


class TestImages(TensorFlow, TaskSuite):
    """Image classification, by the commands of its README and docs."""

    alike = True
    alone = True


class TestTargets(TensorFlow, TargetSuite):
    """The targets, beyond their commands."""


class TestFramework(TensorFlow, FrameworkSuite):
    """What depends on the framework alone."""


class TestToy(TensorFlow, TaskSuite):
    """A task that is not in the template: added as CONTRIBUTING.md says, and used the same way."""

    task = "toy"
    alike = True
    own_tests = "none"  # those of every task, which the other projects run, and none of its own


class TestTables(TensorFlow, TablesSuite):
    """Tables, with every target."""


class TestSeries(TensorFlow, SeriesSuite):
    """Forecasting, with every target."""


class TestTexts(TensorFlow, TextsSuite):
    """Texts, with every target."""
