// From an image to the model's input: the same numbers as `read_image` in pictures.py, which leaves
// the work to Pillow. So this is Pillow's way of making grey, of cropping and of scaling.

const BITS = 22; // of the fixed-point weights, as in Pillow

/** Decodes a file; rejects what is no image. Returns { width, height, data } with RGBA bytes. */
export async function decode(file) {
  // As they were written: turned as the camera says, without colour profile or transparency.
  const bitmap = await createImageBitmap(file, {
    imageOrientation: "from-image",
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });
  const { width, height } = bitmap;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const flat = context.getImageData(0, 0, width, height);
  return isOpaque(flat) ? flat : (readBehindAlpha(bitmap) ?? flat);
}

function isOpaque({ data }) {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}

/** Reads colours that a 2D canvas forgets where they are transparent; null without WebGL. */
function readBehindAlpha(bitmap) {
  const { width, height } = bitmap;
  const gl = document.createElement("canvas").getContext("webgl");
  if (!gl || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return null;
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const data = new Uint8Array(4 * width * height);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, data);
  const failed = gl.getError() !== gl.NO_ERROR;
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return failed ? null : { width, height, data };
}

/** Whether a file is a PNG of 16 bits, of which a browser reads 8: all that it has where 65,535 is white. */
export async function isDeep(file) {
  const head = new Uint8Array(await file.slice(0, 25).arrayBuffer());
  const png = [0x89, 0x50, 0x4e, 0x47].every((byte, i) => head[i] === byte);
  return png && head[24] === 16; // the bits of a channel, in the first block of every PNG
}

/** Makes the bytes that the model sees: [size, size, channels], channels 1 (grey) or 3. `background` is a grey level. */
export function toBytes(picture, size, channels, background) {
  const image = isOpaque(picture) ? picture : flatten(picture, background);
  const planes = channels === 1 ? [grey(image)] : [0, 1, 2].map((place) => plane(image, place));
  const fitted = planes.map((values) => fit(values, image.width, image.height, size));
  const bytes = new Uint8Array(size * size * channels);
  fitted.forEach((values, place) => values.forEach((v, i) => (bytes[i * channels + place] = v)));
  return bytes;
}

/** Lays an image over a background. */
function flatten({ width, height, data }, background) {
  const mixed = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3];
    for (let c = i; c < i + 3; c += 1) mixed[c] = Math.floor((data[c] * alpha + background * (255 - alpha) + 127) / 255);
    mixed[i + 3] = 255;
  }
  return { width, height, data: mixed };
}

function plane({ data }, place) {
  return Uint8Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + place]);
}

/** ITU-R 601-2 luma with Pillow's rounding. */
function grey({ data }) {
  const values = new Uint8Array(data.length / 4);
  for (let i = 0; i < values.length; i += 1) {
    const j = 4 * i;
    values[i] = (19595 * data[j] + 38470 * data[j + 1] + 7471 * data[j + 2] + 0x8000) >> 16;
  }
  return values;
}

/** ImageOps.fit with Resampling.BILINEAR: the middle square, scaled. */
function fit(values, width, height, size) {
  const side = Math.min(width, height);
  const across = spans(width, (width - side) / 2, side, size);
  const down = spans(height, (height - side) / 2, side, size);
  // Each pass rounds to bytes. Since version 13, Pillow goes down first where that shrinks more.
  if (height - size > 2 * Math.max(width - size, 0)) {
    return scaleAcross(scaleDown(values, width, down), width, size, across);
  }
  return scaleDown(scaleAcross(values, width, height, across), size, down);
}

function scaleAcross(values, width, height, spans) {
  const scaled = new Uint8Array(spans.length * height);
  for (let y = 0; y < height; y += 1) {
    spans.forEach((span, x) => (scaled[y * spans.length + x] = blend(values, y * width, 1, span)));
  }
  return scaled;
}

function scaleDown(values, width, spans) {
  const scaled = new Uint8Array(width * spans.length);
  spans.forEach((span, y) => {
    for (let x = 0; x < width; x += 1) scaled[y * width + x] = blend(values, x, width, span);
  });
  return scaled;
}

/** For every pixel of the result: the first pixel of the source that it sees, and the weights. */
function spans(length, first, extent, size) {
  const begin = Math.fround(first); // Pillow takes the box as 32-bit floats
  const scale = (Math.fround(first + extent) - begin) / size;
  const reach = Math.max(scale, 1);
  return Array.from({ length: size }, (_, place) => {
    const centre = begin + (place + 0.5) * scale;
    const from = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const to = Math.min(Math.trunc(centre + reach + 0.5), length);
    const weights = Array.from({ length: to - from }, (_, i) =>
      Math.max(1 - Math.abs((i + from - centre + 0.5) / reach), 0),
    );
    const sum = weights.reduce((a, b) => a + b, 0) || 1;
    return { from, weights: weights.map((w) => Math.trunc((w / sum) * (1 << BITS) + 0.5)) };
  });
}

function blend(values, offset, step, { from, weights }) {
  let sum = 1 << (BITS - 1);
  for (let i = 0; i < weights.length; i += 1) sum += values[offset + (from + i) * step] * weights[i];
  return Math.min(Math.max(sum >> BITS, 0), 255);
}

/** Bytes to the numbers that the model was trained with: float32 in 0..1. */
export const toInput = (bytes) => Float32Array.from(bytes, (value) => value / 255);
