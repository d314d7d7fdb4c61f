// LiteRT.js: loads a `.tflite` model with a batch of one, and answers row by row.
import { Tensor, loadAndCompile, loadLiteRt } from "./engine/litert.js";

export const name = "LiteRT.js";
export const backends = ["wasm", "webgpu"];

/** Loads engine and model; `predict` takes float32 values and their shape, and gives values. */
export async function load(manifest, backend) {
  await loadLiteRt(new URL("engine/", import.meta.url).href);
  const file = new URL(manifest.models[manifest.precision], import.meta.url).href;
  const model = await loadAndCompile(file, {
    accelerator: backend,
    gpuOptions: { precision: "fp32" },
  });
  const one = [1, ...manifest.inputs[0].shape.slice(1)];

  async function answer(values) {
    // Memory inside WebAssembly is not collected: what is made here is deleted here.
    const input = new Tensor(values, one);
    const [output] = await model.run(input);
    input.delete();
    const result = await output.data();
    const copy = result.slice();
    output.delete();
    return copy;
  }

  async function predict(values, shape) {
    const size = values.length / shape[0];
    const rows = [];
    for (let row = 0; row < shape[0]; row += 1) {
      rows.push(await answer(values.slice(row * size, (row + 1) * size)));
    }
    return Float32Array.from(rows.flatMap((row) => [...row]));
  }

  return { version: manifest.engine_version, backend: model.options.accelerator, predict };
}
