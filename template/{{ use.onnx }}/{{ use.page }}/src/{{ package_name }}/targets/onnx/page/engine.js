// ONNX Runtime Web: loads an ONNX model and computes any number of rows at once.

export const name = "ONNX Runtime Web";
export const backends = ["wasm", "webgpu"];

// Each backend has a build of its own, so that a visitor loads no more than one.
const BUILDS = {
  wasm: ["ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"],
  webgpu: ["ort.jspi.bundle.min.mjs", "ort-wasm-simd-threaded.jspi.wasm"],
};

/** The shape of some rows; a length that may differ (null) follows from the number of values. */
function shapeOf({ shape }, length, rows) {
  const known = shape.reduce((product, size) => product * (size ?? 1), rows);
  return [rows, ...shape.map((size) => size ?? length / known)];
}

/**
 * Loads engine and model. `predict(inputs, rows)` takes the manifest's inputs, { name: TypedArray }, and resolves
 * to its outputs: Float32Array, Int32Array, or Uint8Array for bool, row by row.
 */
export async function load(manifest, backend) {
  const [script, wasm] = BUILDS[backend].map((file) => new URL(`engine/${file}`, import.meta.url).href);
  const ort = await import(script);
  ort.env.logLevel = "error";
  ort.env.wasm.wasmPaths = { wasm };
  ort.env.wasm.numThreads = 1; // the same sums in the same order, and no special headers
  const { file } = manifest.models[manifest.precision];
  const address = new URL(file, import.meta.url).href;
  const session = await ort.InferenceSession.create(address, { executionProviders: [backend] });
  const names = manifest.signature.outputs.map((output) => output.name);

  // A model of few bits may want its inputs scaled: then the task has a file that does it.
  const outside = manifest.models[manifest.precision].scaling === "outside";
  const scaling = outside ? await import(new URL("scaling.js", import.meta.url).href) : null;

  async function predict(given, rows) {
    const inputs = scaling ? scaling.before(given, rows, manifest.facts) : given;
    const tensors = manifest.signature.inputs.map((input) => {
      const values = inputs[input.name];
      return [input.name, new ort.Tensor(input.dtype, values, shapeOf(input, values.length, rows))];
    });
    const outputs = await session.run(Object.fromEntries(tensors), names);
    const found = Object.fromEntries(names.map((name) => [name, outputs[name].data]));
    return scaling ? scaling.after(found, given, rows, manifest.facts) : found;
  }

  return { version: ort.env.versions.web, backend, predict };
}
