// Computes for the program that opened this browser: jobs come as bytes, results go back as bytes.
// Ends when the program says so, or when it is gone.

const ROUNDS = 25; // measured, of which the median counts
const ROUND_MS = 10; // browsers round their clock: many answers make one round

const send = (path, body) => fetch(path, { method: "POST", body });

async function measure(model, values, shape) {
  const answer = () => model.predict(values, shape);
  const started = performance.now();
  let calls = 0;
  while (performance.now() - started < 10 * ROUND_MS || calls < 3) {
    await answer(); // the first answers are slow: they warm up
    calls += 1;
  }
  const perRound = Math.ceil(calls / 10);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    for (let call = 0; call < perRound; call += 1) await answer();
    rounds.push((performance.now() - start) / perRound);
  }
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1];
}

async function work(model) {
  for (;;) {
    const job = await fetch("job");
    if (job.status === 204) continue; // nothing to do yet
    if (job.status !== 200) return;
    const shape = JSON.parse(job.headers.get("X-Shape"));
    const values = new Float32Array(await job.arrayBuffer());
    if (job.headers.get("X-Measure")) {
      await send("result", Float64Array.of(await measure(model, values, shape)));
    } else {
      await send("result", await model.predict(values, shape));
    }
  }
}

async function adapters() {
  const canvas = document.createElement("canvas");
  const webgpu = await navigator.gpu?.requestAdapter().catch(() => null);
  return { wasm: true, cpu: true, webgl: Boolean(canvas.getContext("webgl2")), webgpu: Boolean(webgpu) };
}

function browserName() {
  const brands = navigator.userAgentData?.brands ?? [];
  const own = brands.find(({ brand }) => !/not.?a.?brand|^chromium$/i.test(brand.replace(/[^a-z ]/gi, " ")));
  const { brand, version } = own ?? brands.find(({ brand }) => brand === "Chromium") ?? { brand: "a browser", version: "" };
  return `${brand} ${version}`.trim();
}

async function begin() {
  const backend = new URLSearchParams(location.search).get("backend");
  const about = { browser: browserName(), backends: await adapters() };
  if (!backend) return send("ready", JSON.stringify(about)); // it only asks what there is
  const manifest = await (await fetch("manifest.json")).json();
  const engine = await import("./engine.js");
  const model = await engine.load(manifest, backend);
  await send("ready", JSON.stringify({ ...about, version: model.version, backend: model.backend }));
  return work(model);
}

try {
  await begin();
} catch (error) {
  const reason = String(error?.message ?? error).split("\n")[0];
  await send("failed", reason).catch(() => {});
} finally {
  window.close();
}
