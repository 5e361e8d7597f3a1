/**
 * BERT's tokenizer: the normaliser, the splitter and the word pieces of a `tokenizer.json`, with
 * where each piece stands in the text. Text that spells a special token is ordinary text.
 */

const LINE = /[\t\n\r]/;
const WHITE = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/u;
const CONTROL = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u;
const IDEOGRAPH =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/u;
const ASCII_PUNCTUATION = /[!-/:-@[-`{-~]/;
const PUNCTUATION = /\p{P}/u;
const PLAIN = /^[ -~]$/;
const LONE_SURROGATE = /\p{Cs}/gu;

export class WordPiece {
  /** @param spec `{vocabulary, unknown, prefix, longest, normaliser, single, pair}`. */
  constructor(spec) {
    this.spec = spec;
    this.ids = new Map(spec.vocabulary.map((piece, id) => [piece, id]));
    this.unknown = this.ids.get(spec.unknown);
  }

  /** How many special tokens a prompt alone (or a pair) gets. */
  specials(pair) {
    return (pair ? this.spec.pair : this.spec.single).filter(({ id }) => id !== null).length;
  }

  /** Token ids and types of a prompt, or of a prompt and its response. */
  row(prompt, response) {
    const texts = { A: this.encode(prompt), B: response === null ? null : this.encode(response) };
    const ids = [];
    const types = [];
    for (const { id, text, type } of response === null ? this.spec.single : this.spec.pair) {
      for (const each of id === null ? texts[text].ids : [id]) {
        ids.push(each);
        types.push(type);
      }
    }
    return { ids, types };
  }

  /** The pieces of a text: `ids`, `starts` and `ends` in it, and the number of their `words`. */
  encode(text) {
    const result = { ids: [], starts: [], ends: [], words: [] };
    this.split(this.normalise(text)).forEach((word, number) => {
      for (const { id, first, last } of this.pieces(word)) {
        result.ids.push(id);
        result.starts.push(word[first].start);
        result.ends.push(word[last].end);
        result.words.push(number);
      }
    });
    return result;
  }

  /** Characters as the model knows them, each with its `start` and `end` in the text. */
  normalise(text) {
    const rules = this.spec.normaliser;
    const result = [];
    let start = 0;
    for (const original of text.replace(LONE_SURROGATE, "?")) {
      const end = start + original.length;
      for (const char of rules === null ? original : known(original, rules)) {
        result.push({ char, start, end });
      }
      start = end;
    }
    return result;
  }

  /** Words: between white space, each punctuation mark one of its own. */
  split(chars) {
    const words = [];
    let open = false;
    for (const each of chars) {
      if (WHITE.test(each.char)) {
        open = false;
      } else if (ASCII_PUNCTUATION.test(each.char) || PUNCTUATION.test(each.char)) {
        words.push([each]);
        open = false;
      } else if (open) {
        words.at(-1).push(each);
      } else {
        words.push([each]);
        open = true;
      }
    }
    return words;
  }

  /** The longest known piece first; one unknown token where there is none. */
  pieces(word) {
    const whole = { id: this.unknown, first: 0, last: word.length - 1 };
    if (word.length > this.spec.longest) return [whole];
    const found = [];
    for (let first = 0; first < word.length; ) {
      let last = word.length - 1;
      let piece = (first ? this.spec.prefix : "") + word.slice(first).map(({ char }) => char).join("");
      while (last >= first && !this.ids.has(piece)) {
        piece = piece.slice(0, piece.length - word[last].char.length);
        last -= 1;
      }
      if (last < first) return [whole];
      found.push({ id: this.ids.get(piece), first, last });
      first = last + 1;
    }
    return found;
  }
}

/**
 * What is left of a character: clean, apart, without accents, in lower case. Marks and punctuation
 * that Unicode took in after version 8 are newer than the tables of the Python library.
 */
function known(original, { clean, ideographs, accents, lowercase }) {
  if (PLAIN.test(original)) return lowercase ? original.toLowerCase() : original;
  let text = original;
  if (clean) {
    if (!LINE.test(text) && (text === "\ufffd" || CONTROL.test(text))) return [];
    if (WHITE.test(text)) text = " ";
  }
  if (ideographs && IDEOGRAPH.test(text)) text = ` ${text} `;
  if (!accents) text = text.normalize("NFD").replace(/\p{Mn}/gu, "");
  return [...(lowercase ? Array.from(text, (char) => char.toLowerCase()).join("") : text)];
}
