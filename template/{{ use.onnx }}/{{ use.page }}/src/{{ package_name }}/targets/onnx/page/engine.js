// ONNX Runtime Web: loads an ONNX model and answers for any number of inputs at once.

export const name = "ONNX Runtime Web";
export const backends = ["wasm", "webgpu"];

// Each backend has a build of its own, so that a visitor loads no more than one.
const BUILDS = {
  wasm: ["ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"],
  webgpu: ["ort.jspi.bundle.min.mjs", "ort-wasm-simd-threaded.jspi.wasm"],
};

/** Loads engine and model; `predict` takes float32 values and their shape, and gives values. */
export async function load(manifest, backend) {
  const [script, wasm] = BUILDS[backend].map((file) => new URL(`engine/${file}`, import.meta.url).href);
  const ort = await import(script);
  ort.env.logLevel = "error";
  ort.env.wasm.wasmPaths = { wasm };
  ort.env.wasm.numThreads = 1; // the same sums in the same order, and no special headers
  const file = new URL(manifest.models[manifest.precision], import.meta.url).href;
  const session = await ort.InferenceSession.create(file, { executionProviders: [backend] });
  const [input] = manifest.inputs;
  const [output] = manifest.outputs;

  async function predict(values, shape) {
    const fed = { [input.name]: new ort.Tensor("float32", values, shape) };
    const found = await session.run(fed, [output.name]);
    return found[output.name].data;
  }

  return { version: ort.env.versions.web, backend, predict };
}
