"""Serve the artifact with the official image where a container engine runs, else without it."""

import sys
from pathlib import Path

from google.protobuf import text_format

from ...errors import UserError
from ...manifest import Manifest
from ...serving.run import serve_app
from ...settings import ServeSettings
from . import container
from .messages import model_server_config_pb2
from .rest import create_app
from .rpc import GrpcServer
from .runtime import SavedModel
from .servable import Servable

DEPLOY = Path("deploy/tf_serving")  # beside artifacts/, where commands are given


def serve(folder: Path, manifest: Manifest, settings: ServeSettings) -> None:
    """Serve the model in `folder` until Ctrl-C or SIGTERM.

    The line with the addresses says which of the two servers it is.
    Raises UserError when the model cannot be loaded or an address cannot be listened on.
    """
    engine = container.find_engine()
    image = container.find_image(DEPLOY)
    if engine and image:
        try:
            container.serve(engine, image, DEPLOY, folder, manifest, settings)
            return
        except container.EngineError as error:
            print(f"{engine} cannot run {image}: {error}", file=sys.stderr)
    serve_locally(folder, manifest, settings)


def serve_locally(folder: Path, manifest: Manifest, settings: ServeSettings) -> None:
    """Serve in this process, through TensorFlow's C++ loader."""
    model = SavedModel(folder, manifest, manifest.precision)
    known = labels(DEPLOY / "models.config", manifest.model)
    servable = Servable(model, manifest, settings, known)
    rpc = GrpcServer(servable)
    try:
        port = rpc.start(settings.host, settings.port and settings.port + 1)
        offer = (
            f"gRPC on port {port}; a stand-in that speaks TensorFlow Serving's API over"
            " TensorFlow's own C++ loader, not the official server"
        )
        serve_app(create_app(servable), settings, manifest.model, offer)
    finally:
        rpc.stop()


def labels(file: Path, model: str) -> dict[str, int]:
    """Read the labels of a model's versions from a models.config, if there is one.

    Raises UserError when it cannot be read.
    """
    try:
        text = file.read_text(encoding="utf-8")
        config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        raise UserError(f"{file} cannot be read: {error}") from error
    found: dict[str, int] = {}
    for entry in config.model_config_list.config:
        if entry.name == model:
            found |= dict(entry.version_labels)
    return found
