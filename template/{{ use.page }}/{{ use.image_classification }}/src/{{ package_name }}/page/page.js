// The page: loads the engine and the model beside it, asks for an image, shows the answer.
import { Drawing } from "./drawing.js";
import { decode, toBytes, toInput } from "./pixels.js";

const FEW = 12; // classes that keep their order; more are sorted by probability
const FINE = 16; // pixels of a drawing per pixel of the model's input

const at = (id) => document.getElementById(id);
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const precise = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 });

let manifest, model, drawing;
let broken = ""; // why there is no model
let image = null; // the chosen image, decoded
let turn = Promise.resolve(); // an engine computes one answer at a time
let asked = 0; // counts questions: an answer to an old one is not shown

/** Begins a question; gives a function that tells whether no other has begun since. */
function begun() {
  const question = (asked += 1);
  at("result").ariaBusy = "true";
  return () => question === asked;
}

const input = () => {
  const [, height, width, channels] = manifest.inputs[0].shape;
  return { height, width, channels };
};

/** Characters are there to be drawn: grey images, and each class one sign. */
const drawable = () =>
  input().channels === 1 && manifest.classes.every((name) => [...name].length === 1);

function say(sentence) {
  at("error").textContent = sentence || broken;
  at("error").hidden = !at("error").textContent;
}

function layOut() {
  document.title = manifest.model;
  at("title").textContent = manifest.model;
  at("swap-box").hidden = input().channels !== 1;
  if (drawable()) {
    at("ask").textContent = "Draw, or choose an image";
    at("hint").textContent = "Draw here, or drop an image";
    at("drawing").hidden = false;
    drawing = new Drawing(at("drawing"), () => {
      say("");
      answer();
    });
  }
  const { width, height } = input();
  Object.assign(at("seen"), { width, height });
  at("bars").classList.toggle("many", manifest.classes.length > FEW);
  if (manifest.classes.length > FEW) at("bars").tabIndex = 0; // it scrolls
  showEmpty();
}

function showEmpty() {
  at("hint").hidden = false;
  at("clear").disabled = true;
  at("verdict").textContent = "";
  at("seen").getContext("2d").clearRect(0, 0, at("seen").width, at("seen").height);
  showBars(null);
}

function showBars(probabilities) {
  at("result").ariaBusy = "false";
  const rows = manifest.classes.map((name, number) => ({ name, number, p: probabilities?.[number] }));
  const top = probabilities ? probabilities.indexOf(Math.max(...probabilities)) : -1;
  if (probabilities && rows.length > FEW) rows.sort((a, b) => b.p - a.p);
  at("bars").replaceChildren(
    ...rows.map(({ name, number, p }) => {
      const row = document.createElement("li");
      row.classList.toggle("top", number === top);
      row.style.setProperty("--p", p ?? 0);
      const cells = ["name", "bar", "share"].map((kind) => {
        const cell = document.createElement("span");
        cell.className = kind;
        return cell;
      });
      cells[0].textContent = name;
      cells[2].textContent = p === undefined ? "" : percent.format(p);
      row.append(...cells);
      return row;
    }),
  );
}

/** Shows the bytes that the model gets, pixel by pixel. */
function showSeen(bytes) {
  const { width, height, channels } = input();
  const shown = new ImageData(width, height);
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < 3; c += 1) shown.data[4 * i + c] = bytes[i * channels + (c % channels)];
    shown.data[4 * i + 3] = 255;
  }
  at("seen").getContext("2d").putImageData(shown, 0, 0);
}

/** Asks the model about the chosen image, or about the drawing; one question at a time. */
function answer() {
  const current = begun();
  if (!image && (!drawing || drawing.empty)) return showEmpty();
  at("hint").hidden = true;
  at("clear").disabled = false;
  if (model) turn = turn.then(() => current() && ask(current));
  else at("result").ariaBusy = String(document.body.classList.contains("loading"));
  return turn;
}

async function ask(current) {
  const { height: size, channels } = input();
  const bytes = toBytes(image ?? drawing.picture(FINE * size), size, channels);
  if (at("swap").checked) bytes.forEach((value, i) => (bytes[i] = 255 - value));
  showSeen(bytes);
  const start = performance.now();
  try {
    const probabilities = await model.predict(toInput(bytes), [1, size, size, channels]);
    if (current()) showVerdict([...probabilities], performance.now() - start);
  } catch (error) {
    showEmpty();
    say(`The model could not answer: ${reason(error)}.`);
  }
}

function showVerdict(probabilities, milliseconds) {
  const best = probabilities.indexOf(Math.max(...probabilities));
  const share = document.createElement("small");
  share.textContent = percent.format(probabilities[best]);
  at("verdict").replaceChildren(manifest.classes[best], " ", share);
  at("verdict").classList.toggle("words", manifest.classes[best].length > 3);
  showBars(probabilities);
  at("status").textContent = `${about()}, ${precise.format(Math.max(milliseconds, 0.1))} ms`;
}

const reason = (error) => String(error?.message ?? error).split("\n")[0].replace(/\.$/, "");
const about = () => `${model.name} ${model.version} on ${model.backend}`;

async function take(file) {
  const current = begun();
  try {
    const decoded = await decode(file);
    if (!current()) return; // another file, or a drawing, came meanwhile
    image = decoded;
  } catch {
    say(`${file.name} is not an image that this browser can read.`);
    return answer();
  }
  say("");
  drawing?.clear();
  at("drawing").hidden = true;
  URL.revokeObjectURL(at("photo").src);
  at("photo").src = URL.createObjectURL(file);
  at("photo").alt = file.name;
  at("photo").hidden = false;
  await answer();
}

function clear() {
  image = null;
  say("");
  drawing?.clear();
  at("drawing").hidden = !drawing;
  at("photo").hidden = true;
  at("file").value = "";
  answer();
}

function listen() {
  at("clear").addEventListener("click", clear);
  at("swap").addEventListener("change", () => answer());
  at("file").addEventListener("change", () => at("file").files[0] && take(at("file").files[0]));
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" || key === "Delete") clear();
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  for (const type of ["dragleave", "drop"]) {
    document.addEventListener(type, () => document.body.classList.remove("dragging"));
  }
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) take(file);
    else say("That was no file; save the image first, then drop its file.");
  });
  document.addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    if (file) take(file);
  });
}

async function begin() {
  const told = await fetch("manifest.json").catch(() => ({ ok: false }));
  if (!told.ok) throw new Error("manifest.json is missing beside the page");
  manifest = await told.json();
  layOut();
  listen();
  const engine = await import("./engine.js");
  const wanted = new URLSearchParams(location.search).get("backend");
  const backend = engine.backends.includes(wanted) ? wanted : engine.backends[0];
  model = { name: engine.name, ...(await engine.load(manifest, backend)) };
  at("status").textContent = about();
}

try {
  await begin();
  await answer(); // someone may have drawn while the model was loading
} catch (error) {
  at("status").textContent = "";
  broken = `The model cannot be loaded in this browser: ${reason(error)}.`;
  say("");
} finally {
  document.body.classList.remove("loading");
}
