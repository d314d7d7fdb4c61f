"""A PyTorch project, rendered, installed and used for real."""

from project_suite import ProjectSuite


class TestPyTorch(ProjectSuite):
    preset = "pytorch_every_target"
    package = "torch"
