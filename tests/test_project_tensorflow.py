"""A TensorFlow project, rendered, installed and used for real."""

from project_suite import ProjectSuite


class TestTensorFlow(ProjectSuite):
    preset = "tensorflow_every_target"
    package = "tensorflow"
