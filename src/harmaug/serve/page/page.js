import { batches, readConversation, readFile } from "./rows.js";
import { Table } from "./table.js";
import { showVerdict } from "./verdict.js";

const at = (id) => document.getElementById(id);
const tabs = [...document.querySelectorAll("[role=tab]")];
const state = { guard: null, key: "", last: null, run: 0, file: 0 };
const table = new Table(openRow);
// What a smaller request may pass: its body, its characters or its time are the request's, not a row's.
const TOO_MUCH = [413, 422, 504];

function say(text, wrong = false) {
  at("status").textContent = text;
  at("status").classList.toggle("wrong", wrong);
}

function reason(error) {
  return error instanceof TypeError ? "The server does not answer." : error.message;
}

async function call(path, body) {
  const headers = { "Content-Type": "application/json" };
  if (state.key) headers.Authorization = `Bearer ${state.key}`;
  const options = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(path, options);
    if (answer.ok) return answer.json();
    const detail = (await answer.json()).error;
    if (answer.status === 503 && tries < 5) {
      const seconds = Number(answer.headers.get("Retry-After")) || 1;
      await new Promise((resume) => setTimeout(resume, seconds * 1000));
      continue;
    }
    if (answer.status === 401) at("key-row").hidden = false;
    throw Object.assign(new Error(detail.message), { status: answer.status });
  }
}

async function loadGuard() {
  state.guard = await call("/v1/guard");
  const { model, runtime, thresholds, default: chosen } = state.guard;
  at("model").textContent = `${model}, ${runtime}`;
  const names = Object.keys(thresholds).sort((one, other) => thresholds[one] - thresholds[other]);
  at("point").replaceChildren(
    ...names.map((name) => new Option(`${name} (${thresholds[name].toFixed(2)})`, name, name === chosen, name === chosen)),
  );
}

function chosenTab() {
  return tabs.find((tab) => tab.getAttribute("aria-selected") === "true");
}

function choose(tab) {
  for (const each of tabs) {
    each.setAttribute("aria-selected", String(each === tab));
    each.tabIndex = each === tab ? 0 : -1;
    at(each.getAttribute("aria-controls")).hidden = each !== tab;
  }
  if (tab.id === "tab-file" && table.rows.length) at("table-part").hidden = false;
}

function request() {
  if (chosenTab().id === "tab-chat") return { messages: readConversation(at("messages").value) };
  const prompt = at("prompt").value;
  const response = at("response").value || null;
  if (!prompt.trim() && !response) throw new Error("Type a prompt first.");
  return { prompt, response };
}

async function check(fromTable = false) {
  const item = request();
  const run = (state.run += 1);
  say("Judging …");
  const started = performance.now();
  const answer = await call("/v1/check", item);
  if (run !== state.run) return; // another text or a file was asked about since
  const took = performance.now() - started;
  const [result] = answer.results;
  const judged = result.judged ?? { prompt: item.prompt, response: item.response };
  const last = { result, judged, server: answer.latency_ms, took };
  state.last = last;
  at("table-part").hidden = !fromTable;
  show();
  if (fromTable) at("word").focus(); // what was pressed is out of sight
  await explain(item, last);
  if (run === state.run) show();
}

async function explain(item, last) {
  try {
    const explained = await call("/v1/check", { ...item, explain: true });
    last.result = explained.results[0];
    last.explanation = `${explained.latency_ms.toFixed(0)} ms to explain.`;
  } catch (error) {
    last.explanation = `not explained: ${reason(error)}`; // the verdict stands without
  }
}

function show() {
  if (!state.last) return;
  const word = showVerdict(state.last, state.guard.thresholds, at("point").value);
  at("verdict").hidden = false;
  say(`${word}.`);
  at("status").classList.add("skip");
}

function openRow(item) {
  choose(item.messages ? tabs[1] : tabs[0]);
  at("messages").value = item.messages ? JSON.stringify(item.messages, null, 2) : "";
  at("prompt").value = item.prompt ?? "";
  at("response").value = item.response ?? "";
  busy(() => check(true));
}

function chosenThreshold() {
  return state.guard.thresholds[at("point").value];
}

async function judge(rows) {
  try {
    const answer = await call("/v1/check", { items: rows.map((row) => row.item) });
    rows.forEach((row, index) => (row.result = answer.results[index]));
  } catch (error) {
    if (TOO_MUCH.includes(error.status) && rows.length > 1) {
      for (const row of rows) await judge([row]); // one bad row does not lose the others
    } else {
      for (const row of rows) row.error = reason(error);
    }
  }
}

async function checkFile(file) {
  const run = (state.file += 1);
  state.run += 1; // a verdict that comes late is not shown over the file's
  state.last = null;
  const rows = readFile(file.name, await file.text());
  if (!rows.length) throw new Error("The file has no rows.");
  at("verdict").hidden = true;
  at("status").classList.remove("skip");
  at("table-part").hidden = false;
  at("save").hidden = true;
  say(`Judging ${file.name} …`);
  table.fill(rows, chosenThreshold());
  const { items, characters, body_bytes } = state.guard.limits;
  const waiting = rows.filter((row) => row.item);
  const size = Math.min(characters, body_bytes) / 4;
  const started = performance.now();
  let done = 0;
  for (const part of batches(waiting, Math.min(32, items), size)) {
    await judge(part);
    if (run !== state.file) return; // another file is judged since
    done += part.length;
    at("progress").value = done / waiting.length;
    table.update(part, chosenThreshold());
  }
  at("progress").value = 1;
  table.offer();
  if (!state.last) say(`${file.name}: ${((performance.now() - started) / 1000).toFixed(1)} s.`);
}

async function busy(work) {
  at("check").disabled = true;
  at("status").classList.remove("skip");
  try {
    state.key = at("key").value;
    if (!state.guard) await loadGuard();
    await work();
  } catch (error) {
    at("verdict").hidden = true;
    say(reason(error), true);
  } finally {
    at("check").disabled = false;
  }
}

tabs.forEach((tab, index) => {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(index + step + tabs.length) % tabs.length];
    choose(next);
    next.focus();
  });
});
for (const chip of document.querySelectorAll(".examples .chip")) {
  chip.addEventListener("click", () => {
    at("prompt").value = chip.textContent;
    at("response").value = "";
    at("form").requestSubmit();
  });
}
at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const [file] = at("upload").files;
  if (chosenTab().id !== "tab-file") busy(() => check());
  else if (file) busy(() => checkFile(file));
  else say("Choose a file first.", true);
});
at("form").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("form").requestSubmit();
});
at("point").addEventListener("change", () => {
  show();
  table.fill(table.rows, chosenThreshold());
});
at("only").addEventListener("change", () => at("rows").classList.toggle("only", at("only").checked));
at("upload").addEventListener("change", () => at("upload").files[0] && at("form").requestSubmit());
at("drop").addEventListener("dragover", (event) => {
  event.preventDefault();
  at("drop").classList.add("over");
});
at("drop").addEventListener("dragleave", () => at("drop").classList.remove("over"));
at("drop").addEventListener("drop", (event) => {
  event.preventDefault();
  at("drop").classList.remove("over");
  if (event.dataTransfer.files[0]) busy(() => checkFile(event.dataTransfer.files[0]));
});
busy(loadGuard);
