const NAMES = { user: "Human", assistant: "Assistant", tool: "Tool" };
const OWN = ["system", "developer"];

/**
 * What is judged of a conversation, `{prompt, response or null, history}`, by the rule of
 * `harmaug.text.conversation`: the last assistant turn, where it ends the conversation, else the
 * last user turn, which starts after `history` characters of the prompt; what comes before is
 * context.
 */
export function conversation(messages) {
  if (!Array.isArray(messages)) throw new TypeError("messages is a list of {role, content}");
  const turns = messages.map(read).filter(Boolean);
  const response = turns.at(-1)?.role === "assistant" ? turns.pop().text : null;
  while (response === null && turns.length > 0 && turns.at(-1).role !== "user") turns.pop();
  if (!turns.some(({ role }) => role === "user")) {
    throw new TypeError("a conversation needs at least one user turn before the answer to judge");
  }
  const last = turns.at(-1).text;
  if (turns.length === 1) return { prompt: last, response, history: 0 };
  const prompt = turns.map(({ role, text }) => `${NAMES[role]}: ${text}`).join("\n");
  return { prompt, response, history: response === null ? prompt.length - last.length : 0 };
}

/** The role and text of a message; null for one that is not read. */
function read(message) {
  const { role, content, tool_calls: calls } = message ?? {};
  if (!Object.hasOwn(NAMES, role) && !OWN.includes(role)) {
    throw new TypeError(
      `unknown role '${role}'; use system, developer, user, assistant or tool`,
    );
  }
  if ((content ?? null) === null && role === "assistant" && calls?.length) return null;
  const texts = Array.isArray(content) ? content.map((part) => part?.text) : [content];
  if (texts.some((text) => typeof text !== "string")) {
    throw new TypeError(
      "each message needs its text under 'content', as a string or as a list of parts with 'text'",
    );
  }
  return OWN.includes(role) ? null : { role, text: texts.join("\n") };
}
