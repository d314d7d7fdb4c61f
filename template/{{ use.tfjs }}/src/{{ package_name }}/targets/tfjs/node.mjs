// Computes in Node what the page computes in a browser, with the artifact's own engine files.
//   node node.mjs FOLDER BACKEND [SIZE ...]     SIZE: one input's shape
// node.py starts it and speaks with it by bytes, little-endian. A question is a uint32, the number of
// inputs, and their float32 values; 0 inputs ask for the time of one answer, in milliseconds. An
// answer is two uint32, status (0: good) and length in bytes, and so many bytes: float32 values, or a
// text when something failed. The first answer comes unasked: the versions, as JSON.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { compileFunction } from "node:vm";

const [folder, backend, ...sizes] = process.argv.slice(2);
const shape = sizes.map(Number);
const inputBytes = 4 * shape.reduce((product, size) => product * size, 1);
const BYTES = { float32: 4, int32: 4, bool: 1, float16: 2, uint8: 1 };
const ROUNDS = 100;

// Answers alone go to stdout, what ends this program alone to stderr, nothing to the network.
console.log = console.info = console.debug = console.warn = () => {};
delete globalThis.fetch;

const file = (name) => path.resolve(folder, name);

// Run one of the engine's scripts as a CommonJS module, whatever package.json lies above it.
function script(name, modules = {}) {
  const require = createRequire(import.meta.url);
  const module = { exports: {} };
  const parameters = ["module", "exports", "require", "__filename", "__dirname"];
  const filename = file(name);
  const run = compileFunction(readFileSync(filename, "utf8"), parameters, { filename });
  const given = (wanted) => modules[wanted] ?? require(wanted);
  run(module, module.exports, given, filename, path.dirname(filename));
  return module.exports;
}

async function start() {
  const tf = script("engine/tf.es2017.min.js");
  const wasm = script("engine/tf-backend-wasm.es2017.min.js", { "@tensorflow/tfjs-core": tf });
  wasm.setWasmPaths(file("engine") + path.sep);
  if (!(await tf.setBackend(backend))) throw new Error(`there is no backend ${backend}`);
  return tf;
}

function artifacts() {
  const { weightsManifest, ...model } = JSON.parse(readFileSync(file("model.json"), "utf8"));
  const weightSpecs = weightsManifest[0].weights;
  const bytes = weightSpecs.map(({ shape, dtype, quantization }) =>
    shape.reduce((product, size) => product * size, BYTES[quantization?.dtype ?? dtype]),
  );
  const content = readFileSync(file("model.bin"));
  const expected = bytes.reduce((sum, size) => sum + size, 0);
  if (expected !== content.length) {
    throw new Error(`model.bin has ${content.length} bytes, model.json describes ${expected}`);
  }
  const weightData = content.buffer.slice(content.byteOffset, content.byteOffset + content.length);
  return { ...model, weightSpecs, weightData };
}

async function compute(tf, model, values, rows) {
  const inputs = tf.tensor(values, [rows, ...shape], "float32");
  const outputs = model.predict(inputs);
  try {
    return await outputs.data();
  } finally {
    tf.dispose([inputs, outputs]);
  }
}

async function measure(tf, model) {
  const one = new Float32Array(inputBytes / 4);
  const times = [];
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    const begin = performance.now();
    await compute(tf, model, one, 1);
    times.push(performance.now() - begin);
  }
  const warm = times.slice(ROUNDS).sort((a, b) => a - b);
  return Float32Array.of(warm[ROUNDS >> 1]);
}

const pieces = []; // what has come in and was not taken yet
let wake = () => {};
process.stdin.on("data", (piece) => {
  pieces.push(piece);
  wake();
});
process.stdin.on("end", () => process.exit(0)); // whoever asked has gone

async function take(bytes) {
  const enough = () => pieces.reduce((sum, piece) => sum + piece.length, 0) >= bytes;
  while (!enough()) await new Promise((more) => (wake = more));
  const all = Buffer.concat(pieces.splice(0));
  pieces.push(all.subarray(bytes));
  return all.subarray(0, bytes);
}

function tell(status, content) {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(status, 0);
  head.writeUInt32LE(content.byteLength, 4);
  process.stdout.write(head);
  process.stdout.write(content);
}

const bytesOf = (values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

async function answer(tf, model) {
  const rows = (await take(4)).readUInt32LE();
  if (rows === 0) return bytesOf(await measure(tf, model));
  const content = Uint8Array.from(await take(rows * inputBytes)); // a copy begins at 0, as floats must
  return bytesOf(await compute(tf, model, new Float32Array(content.buffer), rows));
}

try {
  const tf = await start();
  const model = await tf.loadGraphModel({ load: async () => artifacts() });
  const versions = { engine: tf.version.tfjs, node: process.versions.node };
  tell(0, Buffer.from(JSON.stringify(versions)));
  for (;;) tell(0, await answer(tf, model));
} catch (error) {
  tell(1, Buffer.from(String(error?.message ?? error)));
  process.exitCode = 1;
  process.stdin.destroy();
}
