import { cut } from "./rows.js";

const at = (id) => document.getElementById(id);
const SIGNS = {
  flagged: "M12 3 2 21h20zM12 10v5M12 18v.01",
  safe: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20M7.500 12.500l3 3 6-6.500",
  unknown: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20M9 9.500a3 3 0 1 1 4 2.800c-.7.3-1 .8-1 1.700M12 17v.01",
};
const SHOWN = 300; // characters of a long text around what decides
const LEAST = 0.25; // share of the strongest span's drop that is worth a mark

function element(tag, text, kind = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = kind;
  return made;
}

/** Fill the verdict's part of the page; returns the verdict in words. */
export function showVerdict({ result, judged, server, took, explanation }, thresholds, point) {
  const threshold = thresholds[point];
  const flagged = result.score >= threshold;
  const kind = flagged ? "flagged" : result.in_scope ? "safe" : "unknown";
  const word = { flagged: "Flagged", safe: "Safe", unknown: "Out of scope" }[kind];
  at("word").className = kind;
  at("word").lastElementChild.textContent = word;
  at("sign").firstElementChild.setAttribute("d", SIGNS[kind]);
  at("reasons").replaceChildren(...result.reasons.map((reason) => element("li", reason)));
  at("score").textContent = result.score.toFixed(3);
  showScale(result.score, thresholds, point, kind);
  showTexts(result, judged);
  const latency = `${server.toFixed(1)} ms in the server, ${took.toFixed(0)} ms there and back`;
  at("latency").textContent = `${latency}; ${explanation ?? "explaining …"}`;
  return `${word}: ${result.score.toFixed(3)} at a threshold of ${threshold.toFixed(2)}`;
}

function showScale(score, thresholds, point, kind) {
  const names = Object.keys(thresholds).sort((one, other) => thresholds[one] - thresholds[other]);
  at("scale").className = kind;
  at("scale").setAttribute("aria-label", `Score ${score.toFixed(3)} on a scale from 0 to 1`);
  for (const tick of document.querySelectorAll(".tick")) tick.remove();
  at("fill").style.width = `${score * 100}%`;
  at("points").replaceChildren();
  for (const name of names) {
    const chosen = name === point ? " chosen" : "";
    const tick = element("div", "", `tick${chosen}`);
    tick.style.left = `${thresholds[name] * 100}%`;
    at("scale").append(tick);
    const over = score >= thresholds[name];
    const text = `${name} ${thresholds[name].toFixed(2)}: ${over ? "flagged" : "not flagged"}`;
    at("points").append(element("li", text, chosen));
  }
}

function showTexts(result, judged) {
  const sides = judged.response === null ? ["prompt"] : ["prompt", "response"];
  at("texts").replaceChildren();
  for (const side of sides) {
    const heading = side === "prompt" && judged.response !== null ? "prompt (context)" : side;
    at("texts").append(element("h2", heading[0].toUpperCase() + heading.slice(1)));
    const box = marked(side, judged[side], result);
    at("texts").append(box);
    const first = box.querySelector(".inside");
    if (first) box.scrollTop = first.offsetTop - box.offsetTop - box.clientHeight / 4;
  }
  const notes = [];
  if (result.evidence.length) notes.push("Marked is what carries the score: without it the score falls.");
  if (result.windows > 1) {
    const { text, start, end } = result.window;
    notes.push(`Read in ${result.windows} windows; the highest is ${text} ${start} to ${end}, shown in full colour.`);
  }
  at("legend").textContent = notes.join(" ");
}

function marked(side, text, result) {
  const drops = { sentence: 0, word: 0 };
  for (const { kind, drop } of result.evidence) drops[kind] = Math.max(drops[kind], drop);
  const spans = result.evidence
    .filter((each) => each.span.text === side && each.drop >= LEAST * drops[each.kind])
    .map((each) => ({ ...each.span, kind: each.kind }));
  const place = result.window?.text === side ? result.window : null;
  if (place) spans.push({ ...place, kind: "window" });
  const box = element("p", "", "judged");
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", `The ${side}`);
  for (const piece of cut(text, spans)) {
    const inside = !result.window || piece.kinds.includes("window");
    const strong = piece.kinds.includes("word") ? "word" : piece.kinds.includes("sentence") ? "sentence" : "";
    const shown = inside ? piece.text : shorten(piece.text, piece.start === 0);
    box.append(element(strong ? "mark" : "span", shown, `${strong} ${place ? (inside ? "inside" : "outside") : ""}`));
  }
  return box;
}

function shorten(text, before) {
  if (text.length <= SHOWN) return text;
  const points = Array.from(text);
  const left = `[${points.length - SHOWN} characters]`;
  const part = before ? points.slice(-SHOWN) : points.slice(0, SHOWN);
  return before ? `${left} … ${part.join("")}` : `${part.join("")} … ${left}`;
}
