/** The page: what is typed goes to the worker, its verdict onto the page. */

const at = (id) => document.getElementById(id);
const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
const started = performance.now();
let asked = 0;
let judged = null;

worker.onmessage = ({ data }) => {
  if (data.error) fail(data.error);
  else if (data.settings) ready(data.settings);
  else if (data.id === asked) show(data);
};
worker.onerror = (event) => fail(event.message || "the guard could not be loaded");

at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  check();
});
at("form").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) check();
});
at("point").addEventListener("change", () => judged && check());
for (const chip of document.querySelectorAll(".chip")) {
  chip.addEventListener("click", () => {
    at("prompt").value = chip.textContent;
    at("response").value = "";
    check();
  });
}

function ready(settings) {
  const points = Object.entries(settings.thresholds).sort((one, two) => one[1] - two[1]);
  for (const [name, threshold] of points) {
    const option = new Option(`${name} (${threshold.toFixed(2)})`, name);
    at("point").add(option);
  }
  at("point").value = settings.default;
  at("point").disabled = at("check").disabled = false;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  say(`Ready after ${seconds} s. The verdict appears here.`);
}

function check() {
  if (at("check").disabled) return;
  judged = { prompt: at("prompt").value, response: at("response").value || null };
  asked += 1;
  worker.postMessage({ id: asked, ...judged, point: at("point").value });
}

function show({ verdict, milliseconds }) {
  const kind = verdict.flagged ? "flagged" : verdict.inScope ? "safe" : "unknown";
  const word = { flagged: "Flagged", safe: "Safe", unknown: "Out of scope" }[kind];
  at("verdict").hidden = false;
  at("word").textContent = word;
  at("word").className = at("scale").className = kind;
  at("score").textContent = verdict.score.toFixed(3);
  at("scale").ariaValueNow = verdict.score.toFixed(3);
  at("fill").style.width = `${verdict.score * 100}%`;
  const sign = verdict.score >= verdict.threshold ? "at or above" : "below";
  at("threshold").textContent = `${sign} the threshold of ${verdict.threshold.toFixed(2)}`;
  at("reasons").replaceChildren(...verdict.reasons.map(item));
  const place = verdict.window;
  at("window").textContent = place ? `Read in ${verdict.windows} windows; the highest, in the ${place.text}:` : "";
  at("quote").hidden = !place;
  at("quote").textContent = place ? judged[place.text].slice(place.start, place.end) : "";
  say(`${word} with ${verdict.score.toFixed(3)}, judged in ${milliseconds.toFixed(1)} ms on this device.`);
}

function item(text) {
  const made = document.createElement("li");
  made.textContent = text;
  return made;
}

function say(text) {
  at("status").className = "";
  at("status").textContent = text;
}

function fail(text) {
  at("status").className = "wrong";
  at("status").textContent = `The guard cannot judge: ${text}`;
}
