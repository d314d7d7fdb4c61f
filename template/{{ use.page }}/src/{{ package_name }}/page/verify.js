// Computes for the program that opened this browser: questions and answers are messages (messages.mjs).
// Ends when the program says so, or when it is gone.
import { answer } from "./messages.mjs";

const post = (path, body) => fetch(path, { method: "POST", body });

async function work(model, signature) {
  for (;;) {
    const question = await fetch("question");
    if (question.status === 204) continue; // none yet
    if (question.status !== 200) return;
    const message = new Uint8Array(await question.arrayBuffer());
    await post("answer", await answer(model, signature, message));
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
  if (!backend) return post("ready", JSON.stringify(about)); // it only asks what there is
  const manifest = await (await fetch("manifest.json")).json();
  const engine = await import("./engine.js");
  const model = await engine.load(manifest, backend);
  await post("ready", JSON.stringify({ ...about, version: model.version, backend: model.backend }));
  return work(model, manifest.signature);
}

try {
  await begin();
} catch (error) {
  const reason = String(error?.message ?? error).split("\n")[0];
  await post("failed", reason).catch(() => {});
} finally {
  window.close();
}
