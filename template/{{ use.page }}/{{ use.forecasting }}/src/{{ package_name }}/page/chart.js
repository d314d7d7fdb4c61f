// A history and its forecast as a picture: lines and a band in SVG.

const WIDTH = 480;
const HEIGHT = 300;
const LEFT = 56;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 32;
const MOST_TICKS = 5;

const short = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4, notation: "compact" });

function element(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Chooses a few round numbers between two others. */
function ticks(low, high) {
  const rough = (high - low) / MOST_TICKS || Math.abs(high) || 1;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * unit).find((size) => size >= rough);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, place) => (first + place) * step);
}

/** Makes a line through points; it is broken where a value is missing. */
function line(points) {
  let broken = true;
  return points
    .map(([x, y]) => {
      if (Number.isNaN(y)) {
        broken = true;
        return "";
      }
      const part = `${broken ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
      broken = false;
      return part;
    })
    .join("");
}

/**
 * Draws what was seen (NaN where a value is missing) and the forecast's low, median and high; `labels` are the times of
 * the last value and of the last forecast.
 */
export function draw(seen, { low, median, high }, labels, description) {
  const all = [...seen, ...low, ...high].filter(Number.isFinite);
  let [least, most] = [Math.min(...all), Math.max(...all)];
  if (least === most) [least, most] = [least - 1, most + 1];
  const count = seen.length + median.length;
  const x = (place) => LEFT + (place / Math.max(count - 1, 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value) => TOP + ((most - value) / (most - least)) * (HEIGHT - TOP - BOTTOM);
  const points = (values, start) => values.map((value, place) => [x(start + place), y(value)]);
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": description });
  for (const value of ticks(least, most)) {
    svg.append(element("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }));
    svg.append(element("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, short.format(value)));
  }
  const origin = seen.length - 1;
  const last = [x(origin), y(seen[origin])];
  const band = [last, ...points(high, seen.length), ...points(low, seen.length).reverse()];
  svg.append(
    element("line", { class: "origin", x1: x(origin), x2: x(origin), y1: TOP, y2: HEIGHT - BOTTOM }),
    element("path", { class: "band", d: `${line(band)}Z` }),
    element("path", { class: "seen", d: line(points(seen, 0)) }),
    element("path", { class: "median", d: line([last, ...points(median, seen.length)]) }),
    element("text", { x: x(origin), y: HEIGHT - 10, "text-anchor": "end" }, labels[0]),
    element("text", { x: WIDTH - RIGHT, y: HEIGHT - 10, "text-anchor": "end" }, labels[1]),
  );
  return svg;
}
