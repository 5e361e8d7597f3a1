// What a person pastes or drops, turned into what the API takes. Pure functions.

const TURN = /^\s*(system|user|human|assistant|ai|bot)\s*:\s?/i;
const KNOWN = ["system", "developer", "user", "assistant", "tool"];
const ROLES = { human: "user", ai: "assistant", bot: "assistant" };

/** Messages of a pasted conversation: JSON, or lines that name who speaks. */
export function readConversation(text) {
  const trimmed = text.trim();
  if (trimmed.startsWith("[") || trimmed.startsWith("{")) return jsonMessages(trimmed);
  const messages = [];
  for (const line of trimmed.split(/\r?\n/)) {
    const match = TURN.exec(line);
    if (match) {
      const name = match[1].toLowerCase();
      messages.push({ role: ROLES[name] ?? name, content: line.slice(match[0].length) });
    } else if (messages.length) {
      messages.at(-1).content += `\n${line}`;
    } else {
      throw new Error("Start the first line with “User:” or “Assistant:”.");
    }
  }
  return messages.map(({ role, content }) => ({ role, content: content.trim() }));
}

function jsonMessages(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("This looks like JSON and is not valid JSON.");
  }
  const messages = Array.isArray(value) ? value : value.messages;
  if (!Array.isArray(messages)) throw new Error("There is no list of messages in this JSON.");
  return turns(messages);
}

function turns(values) {
  const messages = values.map(message);
  if (!messages.some(({ role }) => role === "user")) throw new Error("There is no user turn.");
  return messages;
}

function message(value) {
  const { role, content, tool_calls } = value ?? {};
  if (!KNOWN.includes(role)) throw new Error(`Unknown role “${role}”; use ${KNOWN.join(", ")}.`);
  if (content === null && tool_calls?.length) return { role, content, tool_calls };
  const parts = Array.isArray(content) ? content : [{ text: content }];
  if (!parts.every((part) => typeof part?.text === "string")) {
    throw new Error("Each message needs its content as text: only text is judged.");
  }
  return { role, content: parts.map(({ text }) => text).join("\n") };
}

/** Rows of a file: `{line, item, text}`, or `{line, error}` where a line cannot be judged. */
export function readFile(name, content) {
  const read = /\.txt$/i.test(name) ? (line) => ({ prompt: line }) : jsonItem;
  const rows = [];
  content.split(/\r?\n/).forEach((line, index) => {
    if (!line.trim()) return;
    try {
      const item = read(line);
      const last = item.messages?.at(-1)?.content;
      const text = item.response ? `${item.prompt} → ${item.response}` : (last ?? item.prompt ?? "");
      rows.push({ line: index + 1, item, text });
    } catch (error) {
      rows.push({ line: index + 1, error: error.message });
    }
  });
  return rows;
}

function jsonItem(line) {
  let value;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error("not valid JSON");
  }
  if (Array.isArray(value?.messages)) return { messages: turns(value.messages) };
  if (typeof value?.prompt !== "string") throw new Error("no “prompt” text");
  const response = value.response ?? null;
  if (response !== null && typeof response !== "string") throw new Error("“response” is no text");
  return { prompt: value.prompt, response };
}

/** Requests of at most so many rows and characters. */
export function batches(rows, most, characters) {
  const result = [];
  let size = Infinity;
  for (const row of rows) {
    const own = JSON.stringify(row.item).length;
    if (size + own > characters || result.at(-1).length >= most) {
      result.push([]);
      size = 0;
    }
    result.at(-1).push(row);
    size += own;
  }
  return result;
}

/** Text cut into pieces that are all in or all out of each span: `{text, kinds}`. */
export function cut(text, spans) {
  const points = Array.from(text); // the API counts code points, strings count UTF-16 units
  const places = new Set([0, points.length]);
  for (const { start, end } of spans) places.add(start).add(end);
  const edges = [...places].sort((one, other) => one - other);
  return edges.slice(0, -1).map((start, index) => ({
    text: points.slice(start, edges[index + 1]).join(""),
    start,
    kinds: spans.filter((span) => span.start <= start && start < span.end).map((span) => span.kind),
  }));
}
