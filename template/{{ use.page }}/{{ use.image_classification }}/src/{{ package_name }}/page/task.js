// Images on the page: they are drawn, chosen, dropped or pasted, and each class gets a bar. page.js says what it calls.
//
// An image is prepared as for the training (pixels.js): a PNG gives the very same numbers as `predict`, a JPEG may
// differ by a step of 255, as decoders do. Drawings are offered where every class is one sign (drawing.js): their
// strokes are centred and fill the picture, light on dark. "Swap light and dark" is for ink on paper.
import { percent, showBars } from "./bars.js";
import { Drawing } from "./drawing.js";
import { decode, isDeep, toBytes, toInput } from "./pixels.js";

const FINE = 16; // pixels of a drawing per pixel of the model's input

const FORM = `
<div id="drop-zone" class="drop-zone">
<canvas id="drawing" aria-label="Drawing surface"></canvas>
<img id="photo" alt="">
<p id="hint">Drop an image here</p>
</div>
<div class="controls">
<label class="button">Choose an image<input id="file" type="file" accept="image/*"></label>
<button id="clear" type="button" class="button">Clear</button>
<label id="invert-label" class="check"><input id="invert" type="checkbox">Swap light and dark</label>
</div>`;
const ANSWER = `
<div class="best-row">
<p id="best" aria-live="polite"></p>
<figure><canvas id="pixels"></canvas><figcaption>What the model gets</figcaption></figure>
</div>
<ol id="bars" class="bars" aria-label="Probabilities"></ol>`;
const OVERLAY = `<div class="overlay" aria-hidden="true">Drop the image</div>`;

const at = (id) => document.getElementById(id);

let page, facts, input, output, drawing;
let image = null; // the chosen image, decoded
let chosen = null; // a file that is still to be decoded

export function start(manifest, functions) {
  page = functions;
  facts = manifest.facts;
  [input] = manifest.signature.inputs;
  [output] = manifest.signature.outputs;
  const [height, width, channels] = input.shape;
  at("input-title").textContent = "Choose an image";
  at("form").innerHTML = FORM;
  at("answer").innerHTML = ANSWER;
  document.body.insertAdjacentHTML("beforeend", OVERLAY);
  Object.assign(at("pixels"), { width, height });
  at("invert-label").hidden = channels !== 1;
  // Characters are there to be drawn: grey images, and each class one sign.
  if (channels === 1 && output.labels.every((name) => [...name].length === 1)) {
    at("input-title").textContent = "Draw, or choose an image";
    at("hint").textContent = "Draw here, or drop an image";
    drawing = new Drawing(at("drawing"), change);
  }
  listen();
  showInput();
  show(null);
}

function listen() {
  at("clear").addEventListener("click", clear);
  at("invert").addEventListener("change", () => page.ask());
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
    else page.say("That was no file; save the image first, then drop its file.");
  });
  document.addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    if (file) take(file);
  });
}

function take(file) {
  chosen = file;
  page.ask();
}

function clear() {
  image = null;
  drawing?.clear();
  at("file").value = "";
  show(null);
  change();
}

/** Something was drawn, or all was cleared. */
function change() {
  chosen = null;
  showInput();
  page.ask();
}

const isEmpty = () => !image && (!drawing || drawing.empty);

function showInput() {
  at("hint").hidden = !isEmpty();
  at("clear").disabled = isEmpty();
  at("photo").hidden = !image;
  at("drawing").hidden = !drawing || Boolean(image);
}

/** Gives the pixels of the chosen image, or of the drawing; null where there is neither. */
export async function read() {
  if (chosen) await open(chosen);
  if (isEmpty()) return null;
  const [size, , channels] = input.shape;
  const bytes = toBytes(image ?? drawing.picture(FINE * size), size, channels, facts.background);
  if (at("invert").checked) bytes.forEach((value, i) => (bytes[i] = 255 - value));
  showPixels(bytes);
  return { [input.name]: toInput(bytes) };
}

/** Decodes a file and shows it; what is no image leaves everything as it is. */
async function open(file) {
  const decoded = await decode(file).catch(() => null);
  if (file !== chosen) return; // there is another one meanwhile, or a drawing
  chosen = null;
  if (!decoded) {
    page.say(`${file.name} is not an image that this browser can read.`);
    return;
  }
  if (facts.white_level && facts.white_level !== 65535 && (await isDeep(file))) {
    page.say(`${file.name} has 16 bits per channel, of which a browser reads 8; save it with 8 bits.`);
    return;
  }
  image = decoded;
  drawing?.clear();
  URL.revokeObjectURL(at("photo").src);
  at("photo").src = URL.createObjectURL(file);
  at("photo").alt = file.name;
  showInput();
}

/** Shows the bytes that the model gets, pixel by pixel. */
function showPixels(bytes) {
  const [height, width, channels] = input.shape;
  const shown = new ImageData(width, height);
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < 3; c += 1) shown.data[4 * i + c] = bytes[i * channels + (c % channels)];
    shown.data[4 * i + 3] = 255;
  }
  at("pixels").getContext("2d").putImageData(shown, 0, 0);
}

/** Shows the most probable class, and a bar for each. */
export function show(outputs) {
  const probabilities = outputs ? [...outputs[output.name]] : [];
  const best = showBars(at("bars"), output.labels, probabilities);
  at("best").replaceChildren();
  if (outputs) {
    const value = document.createElement("small");
    value.textContent = percent.format(probabilities[best]);
    at("best").append(output.labels[best], " ", value);
    at("best").classList.toggle("words", output.labels[best].length > 3);
  } else {
    at("pixels").getContext("2d").clearRect(0, 0, at("pixels").width, at("pixels").height);
  }
}
