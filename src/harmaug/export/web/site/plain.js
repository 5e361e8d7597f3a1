/**
 * Undoing what hides words from a guard: the rules of `harmaug.text.plain`, in the same order,
 * until nothing changes. Classes are spelt as Python's `re` means them, not as JavaScript's \w
 * and \s do. Positions are those of JavaScript strings.
 */

const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const WORDLIKE = "\\p{L}\\p{N}_";
const LETTER = "[\\p{L}\\p{Nl}\\p{No}]";
const LETTER_OR_DIGIT = "[\\p{L}\\p{N}]";
const SYMBOL = "[\\u2190-\\u2bff\\u{1f000}-\\u{1faff}]";
const MARK = "\\u0300-\\u036f\\u0483-\\u0489\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20f0\\ufe20-\\ufe2f";
const STRIKE = "\\u0334-\\u0338\\u20d2\\u20d3\\u20d8-\\u20da\\u20e5-\\u20eb";
const GAP =
  "(?:[ ]?[.:!?\\-‐-―−_*+=^|\\/\\\\~`\"#@&%$<>·•…][ ]?|[,;]|[ \\t\\u00a0]{1,4})";

const every = (source, flags = "gu") => new RegExp(source, flags);

const ASCII = /^[\x00-\x7f]*$/;
const INVISIBLE = every(
  "[\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e" +
    "\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\u{e0001}\\u{e007f}\\u{e0100}-\\u{e01ef}]+",
);
// More in a row take quadratic time to put in order.
const FLOOD = /[\p{M}\uff9e\uff9f]{31,}/gu;
// One character of these would become 5 to 18, and a short text a book.
const LONG_FORMS =
  "\\u3307\\u3315-\\u3317\\u3319\\u331a\\u3320\\u332b\\u332e\\u3332\\u3334\\u3336\\u3347\\u334a\\u3356" +
  "\\u33ae\\u33af\\ufdfa\\ufdfb";
const COMPATIBLE = every(`[\\x00-\\x7f]?[^\\x00-\\x7f${LONG_FORMS}]+`);
const MARKS = every(`[${MARK}]*[${STRIKE}][${MARK}]*|[${MARK}]{2,}`);
const WORD = every(`${LETTER}+`);
const GLUED = every(`(?<=[${WORDLIKE}])(?=${SYMBOL})|(?<=${SYMBOL})(?=[${WORDLIKE}])`);
const TWIN_SCRIPT = /[\u0370-\u03ff\u0400-\u052f]/u;
const SPACED = every(
  `(?<!${LETTER_OR_DIGIT})(?<!['’])${LETTER}(?:${GAP}${LETTER}(?!${LETTER_OR_DIGIT}|['’])){3,}`,
);
const GAPS = every(GAP);
const ARTICLE = every(
  "^a(?=(?:[bcdfghjklmnprstvwz]|bl|br|ch|cl|cr|dr|fl|fr|gl|gr|pl|pr|qu|sc|sh|sk|sl|sm|sn|sp|st" +
    "|sw|th|tr|tw|wh|wr)[aeiouy])",
  "iu",
);
const TELLING = /[A-Za-z][013457]{1,2}[A-Za-z]/;
const SENTENCE = /[^.!?\n]+/gu;
const ANY_WORD = every(`[${WORDLIKE}]+`);
const SPELT = /^[A-Za-z013457]{1,20}$/;
const NUMBERS = new Set(["1", "4", "15", "17", "45", "47", "50", "70"]);
const LETTERS = { 0: "o", 1: "i", 3: "e", 4: "a", 5: "s", 7: "t" };
const AFTER_A_WORD = every(`([${WORDLIKE}]+)[${SPACE}]+$`, "u");

/** Normalises texts with the look-alike tables of `harmaug.text.lookalikes`. */
export class Plain {
  /** @param tables `{styled, twins, near}`, each from a character to its plain letter. */
  constructor({ styled, twins, near }) {
    this.twins = new Map(Object.entries(twins));
    this.near = new Map(Object.entries(near));
    const dressed = new Map(Object.entries(styled));
    const any = every(`[${[...dressed.keys()].map(escape).join("")}]`);
    this.rules = [
      (text) => substitute(INVISIBLE, text, () => ""),
      (text) => substitute(FLOOD, text, (marks) => [...marks].slice(0, 30).join("")),
      compatibility,
      (text) => substitute(any, text, (char) => dressed.get(char)),
      (text) => substitute(MARKS, text, () => ""),
      spaced,
      (text) => this.latin(text),
      digitsForLetters,
      (text) => substitute(GLUED, text, () => " "),
    ];
  }

  /** Return `{text, origin}`; `origin` is null where nothing changed (see `source`). */
  normalise(original) {
    if (isPlain(original)) return { text: original, origin: null };
    let text = original;
    let origin = Array.from({ length: text.length + 1 }, (_, index) => index);
    for (let before = null; text !== before; ) {
      before = text;
      for (const rule of this.rules) {
        const edits = rule(text);
        if (edits.length === 0) continue;
        origin = follow(origin, text, edits);
        text = rewrite(text, edits);
      }
    }
    return { text, origin: text === original ? null : origin };
  }

  /** Look-alikes in words that are otherwise Latin, or in a text that is. */
  latin(text) {
    if (!TWIN_SCRIPT.test(text)) return [];
    const letters = [...text].filter((char) => /\p{L}/u.test(char));
    const share = letters.filter(isAscii).length / letters.length;
    return substitute(WORD, text, (word) => {
      const chars = [...word];
      const foreign = chars.filter((char) => !isAscii(char));
      const table = foreign.length > 0 && foreign.length < chars.length ? this.near : this.twins;
      if (!foreign.every((char) => table.has(char))) return word;
      if (table === this.twins && share < (chars.length > 1 ? 0.5 : 0.8)) return word;
      return chars.map((char) => table.get(char) ?? char).join("");
    });
  }
}

/** Translate a span of normalised text into one of the original text. */
export function source({ origin }, start, end) {
  return origin === null ? [start, end] : [origin[start], Math.max(origin[end], origin[start])];
}

function isPlain(text) {
  return ASCII.test(text) && text.search(SPACED) < 0 && !TELLING.test(text);
}

const isAscii = (char) => char.codePointAt(0) < 128;
const escape = (char) => `\\u{${char.codePointAt(0).toString(16)}}`;

function substitute(pattern, text, replace) {
  const edits = [];
  for (const match of text.matchAll(pattern)) {
    const found = replace(match[0]);
    const end = match.index + match[0].length;
    if (found !== match[0]) edits.push({ start: match.index, end, found });
  }
  return edits;
}

function rewrite(text, edits) {
  const pieces = [];
  let last = 0;
  for (const { start, end, found } of edits) {
    pieces.push(text.slice(last, start), found);
    last = end;
  }
  return pieces.join("") + text.slice(last);
}

function follow(origin, text, edits) {
  const result = [];
  let last = 0;
  for (const { start, end, found } of edits) {
    for (let at = last; at < start; at++) result.push(origin[at]);
    for (const place of places(text.slice(start, end), found)) result.push(origin[start + place]);
    last = end;
  }
  for (let at = last; at < origin.length; at++) result.push(origin[at]);
  return result;
}

/** Where each character of `found` stands in `old`, or about where if it was replaced. */
function places(old, found) {
  const result = [];
  let place = -1;
  for (const unit of found.split("")) {
    place = old.indexOf(unit, place + 1);
    if (place < 0) {
      return Array.from(found.split(""), (_, at) => Math.floor((at * old.length) / found.length));
    }
    result.push(place);
  }
  return result;
}

function compatibility(text) {
  if (text.normalize("NFKC") === text) return [];
  return substitute(COMPATIBLE, text, (run) => run.normalize("NFKC"));
}

/** Digits become letters in sentences that are spelt so throughout: `harmaug.text.leetspeak`. */
function digitsForLetters(text) {
  if (!TELLING.test(text)) return [];
  return [...text.matchAll(SENTENCE)].flatMap(({ 0: sentence, index }) => {
    const words = [...sentence.matchAll(ANY_WORD)];
    const shouted = isShouted(sentence);
    const spelt = words.filter(([word]) => SPELT.test(word) && (shouted || !isShouted(word)));
    const telling = spelt.map(([word]) => word).filter(isTelling);
    const digits = telling.join("").match(/[013457]/g)?.length ?? 0;
    const plain = sentence.match(/[aeiost]/gi)?.length ?? 0;
    if (telling.length < Math.max(2, words.length / 4) || digits < plain) return [];
    return spelt.flatMap(({ 0: word, index: at }) => {
      const found = inLetters(word);
      const start = index + at;
      return found === word ? [] : [{ start, end: start + word.length, found }];
    });
  });
}

const isTelling = (word) => TELLING.test(word) && !/^[0-9A-Fa-f]+$/.test(word);

function inLetters(word) {
  if (/^[0-9]+$/.test(word) && !NUMBERS.has(word)) return word;
  return word.replaceAll("11", "ll").replace(/[013457]/g, (digit) => LETTERS[digit]);
}

/** As Python's `str.isupper`. */
const isShouted = (text) => /\p{Uppercase}/u.test(text) && !/\p{Lowercase}|\p{Lt}/u.test(text);

function spaced(text) {
  const edits = [];
  for (const match of text.matchAll(SPACED)) {
    const before = [...text.slice(Math.max(0, match.index - 40), match.index)].slice(-20).join("");
    const found = join(match[0], before);
    if (found !== null) edits.push({ start: match.index, end: match.index + match[0].length, found });
  }
  return edits;
}

/** Join spaced-out letters; null where the run is more likely a list than a word. */
function join(run, before) {
  const letters = [...run.replace(GAPS, "").toLowerCase()];
  const sorted = [...letters].sort((one, two) => one.codePointAt(0) - two.codePointAt(0));
  const together = letters.join("");
  if (together === sorted.join("") || together === sorted.reverse().join("")) return null;
  const words = split(run);
  const longest = words.reduce((most, word) => Math.max(most, [...word].length), 0);
  if (longest < 3 || 2 * letters.filter(isAscii).length < letters.length) return null;
  const word = words.join(" ");
  const previous = AFTER_A_WORD.exec(before);
  const article = previous && previous[1].toLowerCase() !== "to" && ARTICLE.test(word);
  const pronoun = word[0] === "I" && /^(?=.*\p{Ll})\P{Lu}*$/su.test(word.slice(1));
  return article || pronoun ? `${word[0]} ${word.slice(1)}` : word;
}

/** Split a run of letters at the rarest gap that leaves the same gaps within each word. */
function split(run) {
  const gaps = new Map();
  for (const [gap] of run.matchAll(GAPS)) gaps.set(gap, (gaps.get(gap) ?? 0) + 1);
  if (gaps.size === 1) return [run.replace(GAPS, "")];
  const common = [...gaps].sort((one, two) => two[1] - one[1]);
  for (const [between] of common.reverse()) {
    const literal = [...between].map(escape).join("");
    const words = run.split(every(`(?<=${LETTER_OR_DIGIT})${literal}(?=${LETTER_OR_DIGIT})`, "u"));
    if (words.every((word) => new Set(word.match(GAPS) ?? []).size < 2)) {
      return words.map((word) => word.replace(GAPS, ""));
    }
  }
  return [""];
}
