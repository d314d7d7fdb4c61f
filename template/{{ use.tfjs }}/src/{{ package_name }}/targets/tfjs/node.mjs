// Computes in Node what the page computes in a browser, with the artifact's own engine files.
//   node node.mjs FOLDER BACKEND
// node.py starts it. They send each other messages, as page/messages.mjs makes them, each after its length
// in bytes, a uint32, little-endian. The first message to this program is the manifest, the first from it
// its versions, all others are questions and answers. Before a message from here stands a status as well,
// a uint32: 0 is good, 1 is the text of an error.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { compileFunction } from "node:vm";
import { answer, line } from "../../page/messages.mjs";

const [folder, backend] = process.argv.slice(2);
const BYTES = { float32: 4, int32: 4, bool: 1, float16: 2, uint8: 1 };

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

// Loads the model; `predict` is that of page/engine.js.
async function load(tf, { inputs, outputs }) {
  const model = await tf.loadGraphModel({ load: async () => artifacts() });
  const nodes = outputs.map(({ name }) => model.modelSignature.outputs[name].name);

  async function predict(values, rows) {
    const found = tf.tidy(() => {
      const fed = inputs.map(({ name, shape, dtype }) => {
        const known = shape.reduce((product, size) => product * (size ?? 1), rows);
        const full = [rows, ...shape.map((size) => size ?? values[name].length / known)];
        return [name, tf.tensor(values[name], full, dtype)];
      });
      return [model.execute(Object.fromEntries(fed), nodes)].flat();
    });
    try {
      const arrays = await Promise.all(found.map((tensor) => tensor.data()));
      return Object.fromEntries(outputs.map(({ name }, place) => [name, arrays[place]]));
    } finally {
      tf.dispose(found);
    }
  }

  return { predict };
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

const receive = async () => take((await take(4)).readUInt32LE());

function send(status, content) {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(status, 0);
  head.writeUInt32LE(content.length, 4);
  process.stdout.write(head);
  process.stdout.write(content);
}

try {
  const tf = await start();
  const { signature } = JSON.parse(await receive());
  const model = await load(tf, signature);
  send(0, line({ engine: tf.version.tfjs, node: process.versions.node }));
  for (;;) send(0, await answer(model, signature, await receive()));
} catch (error) {
  send(1, Buffer.from(String(error?.message ?? error)));
  process.exitCode = 1;
  process.stdin.destroy();
}
