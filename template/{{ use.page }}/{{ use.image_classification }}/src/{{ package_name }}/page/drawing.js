// A surface to draw on with mouse, finger or pen. Strokes are kept as lines, so that the model gets
// them as data sets of handwriting have them: filling the picture, in one thickness.

const THICKNESS = 0.14; // of a stroke, as a share of the picture's side
const MARGIN = 0.04; // around the ink
const SMALLEST = 0.25; // ink of less extent is not enlarged to fill the picture: a dot stays a dot

export class Drawing {
  /** Draws on `canvas`; calls `changed` after every bit of ink. */
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.strokes = [];
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.go(event));
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => (this.stroke = null));
    }
    new ResizeObserver(() => this.show()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.show());
  }

  get empty() {
    return this.strokes.length === 0;
  }

  clear() {
    this.strokes = [];
    this.stroke = null;
    this.show();
  }

  begin(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.stroke = [];
    this.strokes.push(this.stroke);
    this.go(event);
  }

  go(event) {
    if (!this.stroke) return;
    const box = this.canvas.getBoundingClientRect();
    const all = event.getCoalescedEvents?.() ?? [];
    for (const { clientX, clientY } of all.length ? all : [event]) {
      this.stroke.push([(clientX - box.left) / box.width, (clientY - box.top) / box.height]);
    }
    this.show();
    this.changed();
  }

  /** Shows the strokes as they were drawn, in the page's colours. */
  show() {
    const { canvas } = this;
    const side = Math.round(canvas.clientWidth * devicePixelRatio);
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, side, side);
    paint(context, this.strokes, getComputedStyle(canvas).color, THICKNESS * 0.7 * side, (p) => p * side);
  }

  /** Renders light ink on dark ground, `side` pixels wide; returns { width, height, data }. */
  picture(side) {
    const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.fillStyle = "#000";
    context.fillRect(0, 0, side, side);
    const points = this.strokes.flat();
    const range = (place) => {
      const values = points.map((point) => point[place]);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      return { middle: (low + high) / 2, extent: high - low };
    };
    const [across, down] = [range(0), range(1)];
    const room = 1 - THICKNESS - 2 * MARGIN;
    const scale = (side * room) / Math.max(across.extent, down.extent, SMALLEST);
    const centred = (value, place) => side / 2 + (value - [across, down][place].middle) * scale;
    paint(context, this.strokes, "#fff", THICKNESS * side, centred);
    return context.getImageData(0, 0, side, side);
  }
}

function paint(context, strokes, colour, width, move) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineCap = context.lineJoin = "round";
  for (const stroke of strokes) {
    context.beginPath();
    for (const [x, y] of stroke.length === 1 ? [stroke[0], stroke[0]] : stroke) {
      context.lineTo(move(x, 0), move(y, 1));
    }
    context.stroke();
  }
}
