/**
 * Whether text in Latin letters is English: the rules of `harmaug.guard.language`. Classes are
 * spelt as Python's `re` means them, not as JavaScript's \w and \s do.
 */

export const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
export const LETTER = "[\\p{L}\\p{Nl}\\p{No}]";

const WORD = new RegExp(`${LETTER}+(?:['’]${LETTER}+)?`, "gu");
const ADDRESS = new RegExp(
  `https?://[^${SPACE}]+|www\\.[^${SPACE}]+|(?<![^${SPACE}])[^${SPACE}][^${SPACE}@]*@[^${SPACE}]+`,
  "gu",
);
const ENDING = /..(?:able|ed|er|ers|ful|ing|ism|ity|less|ly|ment|ness|ous|tion)s?$/u;
const OFTEN = 0.3;
const RARELY = 0.2;
const SELDOM = 0.35;

export class Language {
  /** @param lists `{english, other}`: the frequent words. */
  constructor(tokenizer, { english, other }) {
    this.tokenizer = tokenizer;
    this.english = new Set(english);
    this.other = new Set(other);
  }

  /**
   * Whether the words are another language's, or none: few are English, frequent or in the
   * vocabulary; or frequent words of others are at least as many, and the words fall into many
   * pieces: the more so, the fewer frequent words tell.
   */
  foreign(text) {
    const words = text.replace(ADDRESS, " ").toLowerCase().match(WORD) ?? [];
    const count = words.length;
    const english = words.filter((word) => this.english.has(word)).length;
    const others = words.filter((word) => this.other.has(word)).length;
    if (count < 3 || english > Math.max(others, RARELY * count)) return false;
    const { pieces, whole, all } = this.pieces(words.join(" "));
    const formed = words.filter((word) => ENDING.test(word)).length;
    if (english <= RARELY * count && whole + formed <= SELDOM * all) return true;
    if (english > others) return false;
    if (english === 0 && others >= Math.max(2, OFTEN * count)) return true;
    let least;
    if (others >= 2 && others > english) least = others >= 0.1 * count ? 1.4 : 2.0;
    else if (count < 4 || others === 0) return false;
    else least = english ? 2.0 : 1.6;
    return pieces >= least * count;
  }

  /** How many pieces a text has, how many of its words are one piece, and how many words it has. */
  pieces(text) {
    const counts = new Map();
    const { words } = this.tokenizer.encode(text);
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    const whole = [...counts.values()].filter((each) => each === 1).length;
    return { pieces: words.length, whole, all: counts.size };
  }
}
