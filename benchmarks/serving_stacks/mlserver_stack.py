"""The model as MLServer's runtime, loaded by `mlserver start` through the settings beside it."""

import numpy as np
from mlserver import MLModel
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput
from network import NAME, Network


class Runtime(MLModel):
    """The model behind MLServer's own v2 endpoints."""

    async def load(self) -> bool:
        """Open the model."""
        self.network = Network()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer one request."""
        source = payload.inputs[0]
        images = np.array(source.data.root, np.float32).reshape(source.shape)
        probabilities = self.network.compute(images)
        output = ResponseOutput(
            name=self.network.target,
            datatype="FP32",
            shape=list(probabilities.shape),
            data=probabilities.ravel().tolist(),
        )
        return InferenceResponse(model_name=NAME, outputs=[output])
