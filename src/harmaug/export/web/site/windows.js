/**
 * Reading what is longer than the model's window: the rule of `harmaug.guard.window`. Each window
 * shows one stretch of one text, from a sentence's start where that is near, beside the other text
 * or beside its head and tail; or of the last turn, after those of the `history` before it.
 */

const GAP = " ... ";
const SLACK = 8;
const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const SENTENCE_END = new RegExp(`[.!?…]["'”’)\\]]*${SPACE}+|\\n${SPACE}*`, "gu");

/** Windows of a pair of at most `size` tokens: `[{prompt, response, span: {text, start, end}}]`. */
export function windowsOf(tokenizer, size, prompt, response, history) {
  const room = size - tokenizer.specials(response !== null) - SLACK;
  if (response === null) return lastTurn(tokenizer, size, room, prompt, history);
  const asked = new Stretch(tokenizer, prompt);
  const answer = new Stretch(tokenizer, response);
  const quarter = Math.floor(size / 4);
  const shownPrompt = asked.context(quarter);
  const shownAnswer = answer.context(quarter);
  const windows = [];
  if (asked.size > quarter || answer.size <= quarter) {
    for (const [start, end] of asked.cuts(room - Math.min(answer.size, quarter))) {
      const span = { text: "prompt", start, end };
      windows.push({ prompt: prompt.slice(start, end), response: shownAnswer, span });
    }
  }
  if (answer.size > quarter) {
    for (const [start, end] of answer.cuts(room - Math.min(asked.size, quarter))) {
      const span = { text: "response", start, end };
      windows.push({ prompt: shownPrompt, response: response.slice(start, end), span });
    }
  }
  return windows;
}

function lastTurn(tokenizer, size, room, prompt, history) {
  const before = new Stretch(tokenizer, prompt.slice(0, history));
  const turn = new Stretch(tokenizer, prompt.slice(history));
  const budget = Math.max(Math.floor(size / 4), room - turn.size);
  const lead = before.context(budget);
  return turn.cuts(room - Math.min(before.size, budget)).map(([start, end]) => ({
    prompt: lead + turn.text.slice(start, end),
    response: null,
    span: { text: "prompt", start: history + start, end: history + end },
  }));
}

/** A text with the spans of its words and how many tokens come before each. */
class Stretch {
  constructor(tokenizer, text) {
    const { ids, starts, ends, words } = tokenizer.encode(text);
    this.text = text;
    this.starts = [];
    this.ends = [];
    this.before = [];
    for (let index = 0; index < ids.length; index++) {
      // A word of many pieces may be cut, so that none outgrows the window.
      const same = index > 0 && words[index] === words[index - 1];
      if (!same || index - this.before.at(-1) >= SLACK) {
        this.starts.push(starts[index]);
        this.ends.push(ends[index]);
        this.before.push(index);
      }
      this.ends[this.ends.length - 1] = ends[index];
    }
    this.before.push(ids.length);
    this.size = ids.length;
    this.sentences = Array.from(
      text.matchAll(SENTENCE_END),
      (match) => countUpTo(this.starts, match.index + match[0].length) - 1,
    );
  }

  /** Spans of at most `room` tokens; the next starts before the last one ends. */
  cuts(room) {
    if (this.starts.length === 0) return [[0, this.text.length]];
    const spans = [];
    for (let first = 0; ; ) {
      const last = countUpTo(this.before, this.before[first] + room) - 1;
      spans.push([this.starts[first], this.ends[last - 1]]);
      if (last === this.starts.length) break;
      first = this.next(first, last, room);
    }
    spans[0][0] = 0;
    spans.at(-1)[1] = this.text.length;
    return spans;
  }

  /** The word that starts the window after the one from word `first` to before `last`. */
  next(first, last, room) {
    const overlap = Math.floor(room / 8);
    const end = this.before[last];
    const latest = countUpTo(this.before, end - overlap) - 1;
    let start = this.sentence(end - 2 * overlap, end - overlap, latest);
    const least = this.size - room;
    if (this.before.at(start) > least) {
      const most = Math.min(least + overlap, this.before.at(start));
      start = this.sentence(least, most, countBelow(this.before, least));
    }
    return Math.max(first + 1, start);
  }

  /** The last word with so many tokens before it that starts a sentence. */
  sentence(least, most, otherwise) {
    const place = countUpTo(this.sentences, most, (word) => this.before.at(word)) - 1;
    const found = place >= 0 ? this.sentences[place] : 0;
    return this.before.at(found) >= least ? found : otherwise;
  }

  /** The text, or its head and tail in equal parts where it has more tokens than `budget`. */
  context(budget) {
    if (this.size <= budget) return this.text;
    const half = Math.floor((budget - 4) / 2);
    const head = countUpTo(this.before, half) - 1;
    const tail = countBelow(this.before, this.size - half);
    const start = head === 0 ? 0 : this.ends[head - 1];
    const end = tail === this.starts.length ? this.text.length : this.starts[tail];
    return this.text.slice(0, start) + GAP + this.text.slice(end);
  }
}

/** How many values of a sorted array are below `value`. */
function countBelow(sorted, value) {
  return count(sorted, (each) => each < value);
}

/** How many values of a sorted array, or what `of` makes of them, are not above `value`. */
function countUpTo(sorted, value, of = (each) => each) {
  return count(sorted, (each) => of(each) <= value);
}

function count(sorted, holds) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(sorted[middle])) low = middle + 1;
    else high = middle;
  }
  return low;
}
