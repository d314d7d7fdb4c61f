// From noise to images by Heun's method with guidance, as sampler.py says it.

/**
 * Draws an image for each label. `predict(inputs, rows)` is the model, `noise` has the rows one after the other,
 * `labels` are numbers. `watch(images, step)` is called after each step and may say false to end it: then there is no
 * result. Resolves to images of 0 to 1, row by row.
 */
export async function draw(predict, { noise, labels, guidance, steps, classes }, watch = () => true) {
  let points = noise;
  for (let step = 0; step < steps; step += 1) {
    const before = await velocity(predict, points, step / steps, labels, guidance, classes);
    if (step + 1 < steps) {
      const ahead = moved(points, before, 1 / steps);
      const after = await velocity(predict, ahead, (step + 1) / steps, labels, guidance, classes);
      points = moved(moved(points, before, 0.5 / steps), after, 0.5 / steps);
    } else {
      points = moved(points, before, 1 / steps);
    }
    if (!(await watch(toImages(points), step + 1))) return null;
  }
  return toImages(points);
}

const moved = (points, velocities, length) => points.map((value, i) => value + length * velocities[i]);

const toImages = (points) => points.map((value) => Math.min(Math.max((value + 1) / 2, 0), 1));

async function velocity(predict, images, time, labels, guidance, classes) {
  const rows = labels.length;
  if (guidance === 1) {
    const inputs = { images, times: new Float32Array(rows).fill(time), labels: Int32Array.from(labels) };
    return (await predict(inputs, rows)).velocities;
  }
  const twice = new Float32Array(2 * images.length);
  twice.set(images);
  twice.set(images, images.length);
  const nothing = new Array(rows).fill(classes); // the number after the last class: no label
  const inputs = {
    images: twice,
    times: new Float32Array(2 * rows).fill(time),
    labels: Int32Array.from([...labels, ...nothing]),
  };
  const { velocities } = await predict(inputs, 2 * rows);
  return images.map((_, i) => {
    const free = velocities[images.length + i];
    return free + guidance * (velocities[i] - free);
  });
}
