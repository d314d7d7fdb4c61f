// Images drawn on the page: a label, a seed and how many are chosen, and noise becomes images before one's eyes.
// page.js says what it calls; noise.js makes the noise, sampler.js the images.
import { normal } from "./noise.js";
import { draw } from "./sampler.js";

const LARGEST_SEED = 2 ** 32 - 1;
const COUNTS = [1, 4, 9, 16];
const MOST_BUTTONS = 24; // labels that get a button each; more of them are a list
const WORK = 16 * 32 * 32; // pixels that are drawn at once, where nothing else is chosen

const FORM = `
<fieldset id="labels"><legend>Label</legend></fieldset>
<div class="fields">
<label>Images<select id="count"></select></label>
<label>Seed<input id="seed" type="number" min="0" max="${LARGEST_SEED}" step="1" value="1" required></label>
<label>Guidance <output id="guidance-value"></output><input id="guidance" type="range" min="1" max="5" step="0.25"></label>
</div>
<div class="controls">
<button id="another" type="button" class="button">Another seed</button>
<button id="save" type="button" class="button" disabled>Save as PNG</button>
</div>`;
const ANSWER = `
<canvas id="drawn" role="img" aria-label="Drawn images"></canvas>
<progress id="progress" aria-label="Steps done" value="0"></progress>
<p id="told" aria-live="polite"></p>`;

const at = (id) => document.getElementById(id);
const nextFrame = () => new Promise((resolve) => setTimeout(resolve));

let page, facts, input;
let changes = 0; // a drawing that is no longer wanted is not finished

export function start(manifest, functions) {
  page = functions;
  facts = manifest.facts;
  [input] = manifest.signature.inputs;
  at("input-title").textContent = "Choose what to draw";
  at("result-title").textContent = "Drawn images";
  at("form").innerHTML = FORM;
  at("form").autocomplete = "off"; // a page that is loaded again begins anew
  at("answer").innerHTML = ANSWER;
  at("labels").append(...(facts.classes.length > MOST_BUTTONS ? [makeList()] : facts.classes.map(makeButton)));
  const [height, width] = input.shape;
  const most = COUNTS.findLast((count) => count * height * width <= WORK) ?? 1;
  at("count").append(...COUNTS.map((count) => new Option(count, count, count === most, count === most)));
  at("guidance").value = facts.guidance;
  at("form").addEventListener("input", change);
  at("another").addEventListener("click", () => {
    at("seed").value = Math.floor(Math.random() * 100000);
    change();
  });
  at("save").addEventListener("click", save);
  describe();
}

function makeButton(name, number) {
  const button = document.createElement("label");
  button.className = "button choice";
  const radio = Object.assign(document.createElement("input"), { type: "radio", name: "label", value: number });
  radio.checked = number === 0;
  button.append(radio, name);
  return button;
}

function makeList() {
  const list = Object.assign(document.createElement("select"), { ariaLabel: "Label", name: "label" });
  list.append(...facts.classes.map((name, number) => new Option(name, number)));
  return list;
}

function change() {
  changes += 1;
  describe();
  page.ask();
}

function describe() {
  at("guidance-value").textContent = Number(at("guidance").value).toLocaleString();
}

/** Gives the noise and the labels; null where the seed is none. */
export function read() {
  const seed = at("seed").valueAsNumber;
  if (!at("seed").checkValidity()) {
    page.say(`The seed must be a whole number from 0 to ${LARGEST_SEED}.`);
    return null;
  }
  const count = Number(at("count").value);
  const label = Number(new FormData(at("form")).get("label"));
  const size = input.shape.reduce((product, length) => product * length, 1);
  const noise = new Float32Array(count * size);
  for (let place = 0; place < count; place += 1) noise.set(normal(seed, place, size), place * size);
  at("told").textContent = "";
  return { noise, labels: new Array(count).fill(label), seed, guidance: Number(at("guidance").value) };
}

/** Draws; every step is shown. A drawing that has been changed meanwhile ends early. */
export async function compute(predict, given) {
  const mine = changes;
  const steps = facts.sampling_steps;
  at("save").disabled = true;
  Object.assign(at("progress"), { max: steps, value: 0 });
  const watch = async (images, step) => {
    if (mine !== changes) return false;
    paint(images, given.labels.length);
    at("progress").value = step;
    await nextFrame(); // so that the browser shows it
    return mine === changes;
  };
  const drawn = await draw(predict, { ...given, steps, classes: facts.classes.length }, watch);
  return drawn && { images: drawn, ...given };
}

/** Shows the finished images and says what they are. */
export function show(outputs) {
  at("save").disabled = !outputs;
  if (!outputs) {
    at("told").textContent = "";
    return;
  }
  paint(outputs.images, outputs.labels.length);
  const name = facts.classes[outputs.labels[0]];
  at("told").textContent = `${name}, seed ${outputs.seed}, ${facts.sampling_steps} steps`;
  at("drawn").ariaLabel = `${outputs.labels.length} drawn: ${name}`;
}

/** Paints images of 0 to 1 side by side; between them is one pixel of nothing. */
function paint(images, count) {
  const [height, width, channels] = input.shape;
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const canvas = at("drawn");
  Object.assign(canvas, { width: columns * (width + 1) - 1, height: rows * (height + 1) - 1 });
  const context = canvas.getContext("2d");
  for (let place = 0; place < count; place += 1) {
    const shown = new ImageData(width, height);
    for (let i = 0; i < width * height; i += 1) {
      const first = (place * width * height + i) * channels;
      for (let c = 0; c < 3; c += 1) shown.data[4 * i + c] = Math.round(255 * images[first + (c % channels)]);
      shown.data[4 * i + 3] = 255;
    }
    context.putImageData(shown, (place % columns) * (width + 1), Math.floor(place / columns) * (height + 1));
  }
}

function save() {
  at("drawn").toBlob((blob) => {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: "drawn.png" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
}
