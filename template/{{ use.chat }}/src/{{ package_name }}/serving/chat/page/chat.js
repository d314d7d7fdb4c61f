// A chat with the server's model: text in, an answer that appears while it is written.

const $ = (id) => document.getElementById(id);
const HINT = $("status").textContent;
let messages = [];
let model = "";
let writing = null; // the AbortController of the answer under way

function headers() {
  const token = $("token").value;
  const found = { "Content-Type": "application/json" };
  return token ? { ...found, Authorization: `Bearer ${token}` } : found;
}

async function ask(path, options = {}) {
  const response = await fetch(path, { ...options, headers: headers() });
  if (response.status === 401) {
    $("access").hidden = false;
    $("token").focus();
  }
  if (!response.ok) {
    const found = await response.json().catch(() => null);
    throw new Error(found?.error?.message ?? `The server answered with status ${response.status}.`);
  }
  return response;
}

function say(problem) {
  $("error").textContent = problem;
  $("error").hidden = !problem;
}

function show(role, text) {
  const element = document.createElement("p");
  element.className = `message ${role}`;
  element.textContent = text;
  $("chat").append(element);
  element.scrollIntoView({ block: "end" });
  return element;
}

// Ask which model there is. One that knows chats of one question only gets no more than that.
async function meet() {
  const [found] = (await (await ask("v1/models")).json()).data;
  model = found.id;
  $("title").textContent = document.title = model;
  $("remember").checked = !found.single_turn;
}

// The data of server-sent events, one after the other.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The server ended before the answer did.");
    held += value;
    const parts = held.split("\n\n");
    held = parts.pop();
    for (const part of parts) {
      const data = part.replace(/^data: /, "");
      if (data === "[DONE]") return;
      yield JSON.parse(data);
    }
  }
}

async function write(element, signal) {
  if (!model) await meet();
  const sent = $("remember").checked ? messages : messages.slice(-1);
  const body = JSON.stringify({ model, messages: sent, stream: true });
  const response = await ask("v1/chat/completions", { method: "POST", body, signal });
  let why = "";
  for await (const event of events(response)) {
    if (event.error) throw new Error(event.error.message);
    element.textContent += event.choices[0]?.delta.content ?? "";
    why = event.choices[0]?.finish_reason ?? why;
    $("chat").scrollTop = $("chat").scrollHeight;
  }
  return why === "length" ? "The answer has reached its greatest length." : HINT;
}

function busy(controller) {
  writing = controller;
  $("send").hidden = Boolean(controller);
  $("stop").hidden = !controller;
  $("chat").setAttribute("aria-busy", String(Boolean(controller)));
}

async function send() {
  const question = $("question").value.trim();
  if (!question || writing) return;
  say("");
  messages.push({ role: "user", content: question });
  const asked = show("user", question);
  const element = show("assistant", "");
  element.classList.add("busy");
  $("question").value = "";
  busy(new AbortController());
  let kept = true;
  try {
    $("status").textContent = await write(element, writing.signal);
  } catch (error) {
    kept = error.name === "AbortError" && element.textContent !== "";
    $("status").textContent = error.name === "AbortError" ? "Stopped." : HINT;
    if (error.name !== "AbortError") say(error.message);
  }
  element.classList.remove("busy");
  if (kept) {
    messages.push({ role: "assistant", content: element.textContent });
  } else {
    // A question without an answer goes back to where it can be changed and sent again.
    messages.pop();
    asked.remove();
    element.remove();
    $("question").value = $("question").value || question;
  }
  busy(null);
  $("question").focus();
}

function begin() {
  writing?.abort();
  messages = [];
  $("chat").replaceChildren();
  say("");
  $("status").textContent = HINT;
  $("question").focus();
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
$("question").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") writing?.abort();
});
$("stop").addEventListener("click", () => writing?.abort());
$("new").addEventListener("click", begin);
meet().catch((error) => say(error.message));
