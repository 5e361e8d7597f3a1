/** What a guard cannot judge, and why: the tests of `harmaug.guard.scope`. */

import { LETTER, Language, SPACE } from "./language.js";

const MOSTLY = 0.3;
const PAGE = 1200;
const WHITE = new RegExp(`[${SPACE}]+`, "u");
const LETTERS = new RegExp(LETTER, "gu");
const LATIN = /[A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff]/g;
const WORDLIKE = "[\\p{L}\\p{N}_]";
const AT_START = "(?<![\\p{L}\\p{N}_/])";
/** Base64, binary, hexadecimal and Morse. */
const UNBROKEN = new RegExp(
  [
    `${AT_START}(?=[\\p{L}\\p{N}_+]*\\p{Nd})[A-Za-z0-9+/]{32,}={0,2}`,
    `[^${SPACE}]{200,}`,
    `${AT_START}(?=[A-Za-z+/]*\\p{Nd})(?=[a-z0-9+/]*[A-Z])(?=[A-Z0-9+/]*[a-z])[A-Za-z0-9+/]{20,}={0,2}`,
    `(?<!${WORDLIKE})(?:[01]{7,8}[${SPACE}]+){2,}[01]{7,8}(?!${WORDLIKE})`,
    `(?<!${WORDLIKE})(?:(?:0x)?[0-9a-fA-F]{2}[${SPACE},:]+){9,}[0-9a-fA-F]{2}(?!${WORDLIKE})`,
    "(?:[.\\-]{1,5}[ /]+){8,}",
  ].join("|"),
  "gu",
);
/** Lines drawn in a table are no data. */
const RULE = new RegExp(`([^\\p{L}\\p{N}_${SPACE}])\\1{3,}`, "gu");
const LEADING_MARKS = /^\p{M}+/u;

const length = (text) => [...text].length;

export class Scope {
  /** @param words `{english, other}`: the frequent words; null for a guard of any language. */
  constructor(tokenizer, words) {
    this.tokenizer = tokenizer;
    this.language = words && new Language(tokenizer, words);
  }

  /** Why a normalised pair cannot be judged: `[]` where it can. Long texts are tested by page. */
  reasons(prompt, response) {
    const texts = { prompt, response: response ?? "" };
    if (!filled(prompt) && !filled(texts.response)) return ["there is no text"];
    const found = Object.entries(texts)
      .flatMap(([side, text]) => pages(text).map((page) => [side, page]))
      .map(([side, text]) => [side, this.reason(text)])
      .filter(([, reason]) => reason !== null)
      .map(([side, reason]) => `${side}: ${reason}`);
    return [...new Set(found)];
  }

  reason(text) {
    const size = visible(text);
    if (size === 0) return null;
    if (this.unknown(text) > MOSTLY * size) {
      return "mostly characters that the tokenizer does not know";
    }
    const unbroken = (text.replace(RULE, "$1").match(UNBROKEN) ?? []).reduce((sum, run) => sum + length(run), 0);
    if (2 * unbroken > size) return "mostly unbroken strings, perhaps encoded data";
    return this.language === null ? null : this.notEnglish(text);
  }

  notEnglish(text) {
    const letters = (text.match(LETTERS) ?? []).length;
    const latin = (text.match(LATIN) ?? []).length;
    if (letters > 0 && 1 - latin / letters > MOSTLY) {
      return "mostly letters of another script; the guard was trained on English";
    }
    const foreign = this.language.foreign(text);
    return foreign ? "not English words; the guard was trained on English" : null;
  }

  /** How many characters stand in unknown tokens or, dropped by the tokenizer, in none. */
  unknown(text) {
    const { ids, starts, ends } = this.tokenizer.encode(text);
    let count = 0;
    let last = 0;
    ids.forEach((id, at) => {
      count += between(text, last, starts[at]);
      if (id === this.tokenizer.unknown) count += visible(text.slice(starts[at], ends[at]));
      last = Math.max(last, ends[at]);
    });
    return count + between(text, last, text.length);
  }
}

const visible = (text) => length(text.split(WHITE).join(""));
const filled = (text) => visible(text) > 0;

/** How much stands between two tokens; combining marks belong to the character before them. */
function between(text, start, end) {
  const gap = text.slice(start, Math.max(start, end));
  return visible(start > 0 ? gap.replace(LEADING_MARKS, "") : gap);
}

/** Stretches of a long text, the next starting halfway through the last. */
function pages(text) {
  const chars = [...text];
  const count = Math.max(1, Math.ceil((chars.length - PAGE / 2) / (PAGE / 2)));
  return Array.from({ length: count }, (_, index) => {
    const start = (index * PAGE) / 2;
    return chars.slice(start, start + PAGE).join("");
  });
}
