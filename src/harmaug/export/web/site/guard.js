/**
 * The guard in a browser: the same text, tokens, windows and scores as `harmaug.Guard` in Python.
 *
 *     import { Guard } from "./guard.js";
 *     const guard = await Guard.load();
 *     const verdict = await guard.check("How do I bake bread?");
 *
 * After loading it needs no network. It keeps its thread busy while it judges: in a page, run it
 * in a worker, as `worker.js` does.
 */

import * as ort from "./runtime/ort.wasm.bundle.min.mjs";
import { combine } from "./combine.js";
import { conversation } from "./conversation.js";
import { Plain, source } from "./plain.js";
import { Scope } from "./scope.js";
import { windowsOf } from "./windows.js";
import { WordPiece } from "./wordpiece.js";

const LONE_SURROGATE = /\p{Cs}/gu;

export class Guard {
  /** Load the guard of a folder, by default the one that this file lies in. */
  static async load(folder = new URL("./", import.meta.url)) {
    const [facts, model] = await Promise.all([
      get(new URL("guard.json", folder)).then((answer) => answer.json()),
      get(new URL("model.onnx", folder)).then((answer) => answer.arrayBuffer()),
    ]);
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = {
      wasm: new URL("./runtime/ort-wasm-simd-threaded.wasm", import.meta.url).href,
    };
    const session = await ort.InferenceSession.create(new Uint8Array(model), {
      executionProviders: ["wasm"],
      graphOptimizationLevel: "all",
    });
    return new Guard(facts, session);
  }

  constructor(facts, session) {
    this.settings = facts.settings;
    this.threshold = facts.settings.thresholds[facts.settings.default];
    this.session = session;
    this.tails = facts.tails;
    this.plain = new Plain(facts.lookalikes);
    this.tokenizer = new WordPiece(facts.tokenizer);
    this.scope = new Scope(this.tokenizer, facts.words);
  }

  /** The same guard at a named operating point, for example `strict`. */
  operatingPoint(name) {
    const { thresholds } = this.settings;
    if (!(name in thresholds)) {
      throw new RangeError(`no operating point '${name}'; known: ${Object.keys(thresholds)}`);
    }
    return Object.assign(Object.create(Guard.prototype), this, { threshold: thresholds[name] });
  }

  /** Judge a conversation as chat APIs have it: `[{role, content}, ...]`. */
  async checkMessages(messages) {
    const { prompt, response, history } = conversation(messages);
    return this.check(prompt, response, history);
  }

  /**
   * Judge a prompt, or a response to it; the prompt may start with `history` characters of earlier
   * turns, its context. The verdict has `score` (p(unsafe)), `flagged`,
   * `threshold`, `logOdds`, `windows` (how many were read), `window` (the highest:
   * `{text, start, end}`, null when all was read at once), `inScope` and `reasons`.
   */
  async check(prompt, response = null, history = 0) {
    for (const text of [prompt, response ?? ""]) {
      if (typeof text !== "string") throw new TypeError("prompt and response are text");
    }
    const asked = this.normalise(prompt);
    const answer = response === null ? null : this.normalise(response);
    const { logOdds, windows, highest } = await this.judge(
      asked.text,
      answer?.text ?? null,
      asked.origin === null ? history : asked.origin.findIndex((place) => place >= history),
    );
    const score = 1 / (1 + Math.exp(-logOdds));
    const reasons = this.scope.reasons(asked.text, answer?.text ?? null);
    return {
      score,
      flagged: score >= this.threshold,
      threshold: this.threshold,
      logOdds,
      windows: Math.max(1, windows.length),
      window: highest && original(highest.span, asked, answer),
      inScope: reasons.length === 0,
      reasons,
    };
  }

  normalise(given) {
    const text = given.replace(LONE_SURROGATE, "?");
    return this.settings.normalise ? this.plain.normalise(text) : { text, origin: null };
  }

  async judge(prompt, response, history) {
    const { window } = this.settings;
    const row = this.tokenizer.row(prompt, response);
    if (row.ids.length <= window) {
      return { logOdds: await this.run(row), windows: [], highest: null };
    }
    const windows = windowsOf(this.tokenizer, window, prompt, response, history);
    const each = [];
    for (const cut of windows) {
      each.push(await this.run(this.tokenizer.row(cut.prompt, cut.response)));
    }
    const highest = windows[each.indexOf(Math.max(...each))];
    const judged = history ? this.tokenizer.row(prompt.slice(history), null) : row;
    const logOdds = combine(each, judged.ids.length, this.tails, this.settings);
    return { logOdds, windows, highest };
  }

  /** Calibrated log-odds of one row of tokens; what a window has too much is cut off. */
  async run({ ids, types }) {
    const size = Math.min(ids.length, this.settings.window);
    const values = {
      input_ids: ids.slice(0, size),
      attention_mask: new Array(size).fill(1),
      token_type_ids: types.slice(0, size),
    };
    const feed = {};
    for (const name of this.session.inputNames) {
      feed[name] = new ort.Tensor("int64", BigInt64Array.from(values[name], BigInt), [1, size]);
    }
    const output = await this.session.run(feed);
    const logits = Array.from(output[this.session.outputNames[0]].data);
    return harm(logits, this.settings.harmful_index) / this.settings.temperature;
  }
}

/** Log-odds of harm: one logit is a sigmoid's, several are a softmax's. */
function harm(logits, index) {
  if (logits.length === 1) return logits[0];
  const rest = logits.filter((_, at) => at !== index);
  const top = Math.max(...rest);
  return logits[index] - top - Math.log(rest.reduce((sum, each) => sum + Math.exp(each - top), 0));
}

function original({ text, start, end }, asked, answer) {
  const [first, last] = source(text === "prompt" || answer === null ? asked : answer, start, end);
  return { text, start: first, end: last };
}

async function get(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${answer.statusText}`);
  return answer;
}
