// The page of every task: it loads the manifest, the engine and the model beside it, asks the model, and says what is
// wrong. It uses two other files. `inputs` and `outputs` are { name: TypedArray } by the names in manifest.signature:
// Float32Array, Int32Array, or Uint8Array for bool, row by row.
//
// task.js makes the form and shows the answer:
//   start(manifest, { ask, say })  puts the form into #form and a place for the answer into #answer. It calls ask()
//                                  whenever the input has changed, and say(sentence) about an input of no use.
//   read()                         gives the inputs of one row, or null where there are none; may be a promise
//   show(outputs)                  shows the outputs of one row; null: there is no answer
//   compute(predict, inputs)       where an answer takes several calls of predict(inputs, rows): resolves to the outputs
//
// engine.js computes, with one of its `backends`, of which the first is the default; `name` is its name:
//   load(manifest, backend)        resolves to { version, backend, predict }
//   predict(inputs, rows)          resolves to the outputs; it is called once at a time

const at = (id) => document.getElementById(id);
const reason = (error) => String(error?.message ?? error).split("\n")[0].replace(/\.$/, "");

let task, model;
let broken = ""; // why there is no model
let asked = 0; // counts questions: only the answer to the last one is shown
let turn = Promise.resolve(); // of the questions, one after the other

function say(sentence) {
  at("error").textContent = sentence || broken;
  at("error").hidden = !at("error").textContent;
}

/** Asks the model about the form's input. */
function ask() {
  const question = (asked += 1);
  say("");
  at("result").ariaBusy = "true";
  turn = turn.then(() => question === asked && answer(question));
  return turn;
}

async function answer(question) {
  let waiting = false;
  try {
    const inputs = await task.read();
    if (question !== asked) return;
    if (!inputs) task.show(null);
    else if (model) await compute(inputs, question);
    else waiting = document.body.classList.contains("loading"); // it is asked again then
  } catch (error) {
    task.show(null);
    say(`The model could not answer: ${reason(error)}.`);
  }
  if (question === asked) at("result").ariaBusy = String(waiting);
}

async function compute(inputs, question) {
  const start = performance.now();
  const outputs = await (task.compute?.(model.predict, inputs) ?? model.predict(inputs, 1));
  const milliseconds = Math.max(performance.now() - start, 0.1).toPrecision(2);
  if (question !== asked) return;
  task.show(outputs);
  at("status").textContent = `${about()}, ${Number(milliseconds)} ms`;
}

const about = () => `${model.name} ${model.version} on ${model.backend}`;

async function begin() {
  const response = await fetch("manifest.json").catch(() => ({ ok: false }));
  if (!response.ok) throw new Error("manifest.json is missing beside the page");
  const manifest = await response.json();
  document.title = at("title").textContent = manifest.model;
  at("form").addEventListener("submit", (event) => event.preventDefault());
  task = await import("./task.js");
  task.start(manifest, { ask, say });
  const engine = await import("./engine.js");
  const wanted = new URLSearchParams(location.search).get("backend");
  const backend = engine.backends.includes(wanted) ? wanted : engine.backends[0];
  model = { name: engine.name, ...(await engine.load(manifest, backend)) };
  at("status").textContent = about();
  await ask(); // there may be input already
}

try {
  await begin();
} catch (error) {
  at("status").textContent = "";
  broken = `The model cannot be loaded in this browser: ${reason(error)}.`;
  say("");
} finally {
  document.body.classList.remove("loading");
}
