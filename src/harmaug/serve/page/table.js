// The verdicts on a file: one line of the table for each row, made once and again when it is judged.

const SHOWN = 2000; // a table of all rows of a large file would freeze the page

const at = (id) => document.getElementById(id);

function pieceOf(tag, text, kind = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = kind;
  return element;
}

function wordOf({ result, error }, threshold) {
  if (error) return ["not judged", "unknown"];
  if (!result) return ["waiting", "quiet"];
  if (result.score >= threshold) return ["flagged", "flagged"];
  return result.in_scope ? ["safe", "safe"] : ["out of scope", "unknown"];
}

function lineOf(row, threshold, open) {
  const line = document.createElement("tr");
  const [word, kind] = wordOf(row, threshold);
  const text = Array.from([row.error, row.text].filter(Boolean).join(": "));
  const shown = text.length > 160 ? `${text.slice(0, 160).join("")} …` : text.join("");
  const opens = row.item && (row.result || row.error);
  const chip = pieceOf(opens ? "button" : "span", shown, "chip");
  if (opens) chip.addEventListener("click", () => open(row.item));
  const cell = pieceOf("td", "");
  cell.append(chip);
  line.classList.toggle("hit", word === "flagged");
  line.append(pieceOf("td", row.line), pieceOf("td", word, kind));
  line.append(pieceOf("td", row.result ? row.result.score.toFixed(3) : "–"), cell);
  return line;
}

/** The table of some rows; `open` is called with the item of a line that a person presses. */
export class Table {
  constructor(open) {
    this.open = open;
    this.rows = [];
  }

  /** Show other rows, or the same at another threshold. */
  fill(rows, threshold) {
    this.rows = rows;
    this.lines = new Map(
      rows.slice(0, SHOWN).map((row) => [row, lineOf(row, threshold, this.open)]),
    );
    const all = document.createDocumentFragment();
    for (const line of this.lines.values()) all.append(line);
    at("rows").replaceChildren(all);
    at("more").hidden = rows.length <= SHOWN;
    at("more").textContent = `The first ${SHOWN} of ${rows.length} lines are shown; all are judged and saved.`;
    this.count(threshold);
  }

  /** Show what some of the rows were judged to be; the other lines stay as they are. */
  update(part, threshold) {
    for (const row of part) {
      const line = this.lines.get(row);
      if (!line) continue;
      this.lines.set(row, lineOf(row, threshold, this.open));
      line.replaceWith(this.lines.get(row));
    }
    this.count(threshold);
  }

  count(threshold) {
    const judged = this.rows.filter((row) => row.result);
    const flagged = judged.filter((row) => row.result.score >= threshold).length;
    const bad = this.rows.filter((row) => row.error).length;
    at("counts").textContent = `${judged.length} judged, ${flagged} flagged${bad ? `, ${bad} not judged` : ""}.`;
  }

  /** Offer the verdicts as a file. */
  offer() {
    const lines = this.rows.map(({ line, item, result, error }) => {
      const verdict = result ? { score: result.score, in_scope: result.in_scope } : { error };
      return JSON.stringify({ line, ...item, ...verdict });
    });
    URL.revokeObjectURL(at("save").href);
    at("save").href = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`]));
    at("save").hidden = false;
  }
}
