// Noise that follows from a seed, as noise.py makes it: the same seed gives the same images here and there.

const GOLDEN = 0x9e3779b9;

function mix(value) {
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

const share = (bits) => (bits + 0.5) / 2 ** 32; // never 0 or 1

/** Draws from the standard normal distribution; what it gives depends on the seed and the place alone. */
export function normal(seed, place, size) {
  const key = mix(mix(seed + GOLDEN) + Math.imul(place, GOLDEN));
  const at = (counter) => share(mix(mix(key + Math.imul(counter, GOLDEN))));
  return Float32Array.from({ length: size }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(at(2 * i + 1)));
    return radius * Math.cos(2 * Math.PI * at(2 * i + 2));
  });
}
