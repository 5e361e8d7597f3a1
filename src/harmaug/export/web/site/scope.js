/** What a guard cannot judge, and why: the tests of `harmaug.guard.scope` and `guard.language`. */

const MOSTLY = 0.3;
const PAGE = 1200;
const WHITE = /[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;
const LETTER = /[\p{L}\p{Nl}\p{No}]/gu;
const LATIN = /[A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff]/g;
const UNBROKEN =
  /(?<![\p{L}\p{N}_/])(?=[\p{L}\p{N}_+]*\p{Nd})[A-Za-z0-9+/]{32,}={0,2}|[^\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]{200,}/gu;
const RULE = /([^\p{L}\p{N}_\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000])\1{3,}/gu;
const WORD = /[\p{L}\p{Nl}\p{No}]+(?:['’][\p{L}\p{Nl}\p{No}]+)?/gu;
const ADDRESS = /https?:\/\/\S+|www\.\S+|(?<!\S)\S[^\s@]*@\S+/gu;

const LEADING_MARKS = /^\p{M}+/u;

const length = (text) => [...text].length;

export class Scope {
  /** @param words `{english, other}`: the frequent words; null for a guard of any language. */
  constructor(tokenizer, words) {
    this.tokenizer = tokenizer;
    this.words = words && { english: new Set(words.english), other: new Set(words.other) };
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
    return this.words === null ? null : this.notEnglish(text);
  }

  notEnglish(text) {
    const letters = (text.match(LETTER) ?? []).length;
    const latin = (text.match(LATIN) ?? []).length;
    if (letters > 0 && 1 - latin / letters > MOSTLY) {
      return "mostly letters of another script; the guard was trained on English";
    }
    const foreign = this.foreign(text.replace(ADDRESS, " ").toLowerCase().match(WORD) ?? []);
    return foreign ? "not English words; the guard was trained on English" : null;
  }

  /** As many frequent words of another language as of English, in many pieces. */
  foreign(words) {
    const english = words.filter((word) => this.words.english.has(word)).length;
    const other = words.filter((word) => this.words.other.has(word)).length;
    const count = words.length;
    if (english > other || count < 3) return false;
    let least;
    if (other >= 2 && other > english) least = other >= 0.1 * count ? 1.4 : 2.0;
    else if (count < 4) return false;
    else least = other === 0 ? 2.6 : english ? 2.0 : 1.6;
    return this.tokenizer.encode(words.join(" ")).ids.length >= least * count;
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
