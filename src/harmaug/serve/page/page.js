import { batches, readConversation, readFile } from "./rows.js";
import { showVerdict } from "./verdict.js";

const at = (id) => document.getElementById(id);
const tabs = [...document.querySelectorAll("[role=tab]")];
const state = { guard: null, key: "", last: null, rows: [], run: 0 };

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
}

function request() {
  if (chosenTab().id === "tab-chat") return { messages: readConversation(at("messages").value) };
  const prompt = at("prompt").value;
  const response = at("response").value || null;
  if (!prompt.trim() && !response) throw new Error("Type a prompt first.");
  return { prompt, response };
}

async function check() {
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
  at("table-part").hidden = true;
  show();
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

function pieceOf(tag, text, kind = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = kind;
  return element;
}

function tableRow(row) {
  const line = document.createElement("tr");
  const threshold = state.guard.thresholds[at("point").value];
  const { result } = row;
  const flagged = result && result.score >= threshold;
  const word = !result ? "not judged" : flagged ? "flagged" : result.in_scope ? "safe" : "out of scope";
  const kind = flagged ? "flagged" : word === "safe" ? "safe" : "unknown";
  const text = Array.from([row.error, row.text].filter(Boolean).join(": "));
  const shown = text.length > 160 ? `${text.slice(0, 160).join("")} …` : text.join("");
  line.classList.toggle("hit", Boolean(flagged));
  line.append(pieceOf("td", row.line), pieceOf("td", word, kind));
  line.append(pieceOf("td", result ? result.score.toFixed(3) : "–"));
  const cell = pieceOf("td", "");
  const open = pieceOf(row.item ? "button" : "span", shown, "chip");
  if (row.item) open.addEventListener("click", () => openRow(row.item));
  cell.append(open);
  line.append(cell);
  return line;
}

function openRow(item) {
  choose(item.messages ? tabs[1] : tabs[0]);
  at("messages").value = item.messages ? JSON.stringify(item.messages, null, 2) : "";
  at("prompt").value = item.prompt ?? "";
  at("response").value = item.response ?? "";
  at("form").requestSubmit();
}

function showTable() {
  at("rows").replaceChildren(...state.rows.map(tableRow));
  const threshold = state.guard.thresholds[at("point").value];
  const judged = state.rows.filter((row) => row.result);
  const flagged = judged.filter((row) => row.result.score >= threshold).length;
  const bad = state.rows.filter((row) => row.error).length;
  say(`${judged.length} judged, ${flagged} flagged${bad ? `, ${bad} not judged` : ""}.`);
}

function offerSaving() {
  const lines = state.rows.map(({ line, item, result, error }) => {
    const verdict = result ? { score: result.score, in_scope: result.in_scope } : { error };
    return JSON.stringify({ line, ...item, ...verdict });
  });
  URL.revokeObjectURL(at("save").href);
  at("save").href = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`]));
  at("save").hidden = false;
}

async function judge(rows) {
  try {
    const answer = await call("/v1/check", { items: rows.map((row) => row.item) });
    rows.forEach((row, index) => (row.result = answer.results[index]));
  } catch (error) {
    if (error.status === 422 && rows.length > 1) {
      for (const row of rows) await judge([row]); // one bad row does not lose the others
    } else {
      for (const row of rows) row.error = reason(error);
    }
  }
}

async function checkFile(file) {
  const run = (state.run += 1);
  state.last = null;
  state.rows = readFile(file.name, await file.text());
  if (!state.rows.length) throw new Error("The file has no rows.");
  at("verdict").hidden = true;
  at("status").classList.remove("skip");
  at("table-part").hidden = false;
  at("save").hidden = true;
  const { limits } = state.guard;
  const waiting = state.rows.filter((row) => row.item);
  const started = performance.now();
  let done = 0;
  for (const part of batches(waiting, Math.min(32, limits.items), limits.characters / 4)) {
    if (run !== state.run) return;
    await judge(part);
    done += part.length;
    at("progress").value = done / waiting.length;
    showTable();
  }
  at("progress").value = 1;
  showTable();
  at("status").textContent += ` ${((performance.now() - started) / 1000).toFixed(1)} s.`;
  offerSaving();
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
  if (chosenTab().id !== "tab-file") busy(check);
  else if (file) busy(() => checkFile(file));
  else say("Choose a file first.", true);
});
at("form").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("form").requestSubmit();
});
at("point").addEventListener("change", () => (at("table-part").hidden ? show() : showTable()));
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
