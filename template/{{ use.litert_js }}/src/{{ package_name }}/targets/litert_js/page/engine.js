// LiteRT.js: loads a `.tflite` model with a batch of one, and computes row by row.
import { Tensor, loadAndCompile, loadLiteRt } from "./engine/litert.js";

export const name = "LiteRT.js";
export const backends = ["wasm", "webgpu"];

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/**
 * Loads engine and model. `predict(inputs, rows)` takes the manifest's inputs, { name: TypedArray }, and resolves
 * to its outputs: Float32Array, Int32Array, or Uint8Array for bool, row by row.
 */
export async function load(manifest, backend) {
  // Where an operator is not to be had on the GPU, WebAssembly has to wait for values from there.
  const jspi = backend === "webgpu" && "Suspending" in WebAssembly;
  await loadLiteRt(new URL("engine/", import.meta.url).href, { jspi });
  const { file } = manifest.models[manifest.precision];
  const model = await loadAndCompile(new URL(file, import.meta.url).href, {
    accelerator: backend,
    gpuOptions: { precision: "fp32" },
  });
  const { inputs, outputs } = manifest.signature;

  async function predict(values, rows) {
    const whole = {};
    for (let row = 0; row < rows; row += 1) {
      const fed = {};
      for (const { name, dtype, shape } of inputs) {
        const size = values[name].length / rows;
        const own = values[name].slice(row * size, (row + 1) * size);
        // LiteRT.js has no tensors of bool: the exporter made int32 of them.
        fed[name] = new Tensor(dtype === "bool" ? Int32Array.from(own) : own, [1, ...shape]);
      }
      const found = await model.run(fed);
      for (const { name, dtype } of outputs) {
        const part = await found[name].data();
        whole[name] ??= new ARRAYS[dtype](rows * part.length);
        whole[name].set(part, row * part.length);
      }
      // Memory inside WebAssembly is not collected.
      for (const tensor of [...Object.values(fed), ...Object.values(found)]) tensor.delete();
    }
    return whole;
  }

  return { version: manifest.engine_version, backend: model.options.accelerator, predict };
}
