const NAMES = { user: "Human", assistant: "Assistant" };

/**
 * The pair to judge of a conversation, `[prompt, response or null]`, by the rule of
 * `harmaug.text.conversation`: the last assistant turn, where it ends the conversation, is judged;
 * what comes before is context; system turns are the application's own.
 */
export function conversation(messages) {
  if (messages.some(({ content }) => typeof content !== "string")) {
    throw new TypeError("each message needs its text under 'content', as a string");
  }
  const turns = messages.filter(({ role }) => role !== "system");
  const unknown = turns.find(({ role }) => !(role in NAMES));
  if (unknown) throw new TypeError(`unknown role '${unknown.role}'; use system, user or assistant`);
  const response = turns.at(-1)?.role === "assistant" ? turns.pop().content : null;
  if (!turns.some(({ role }) => role === "user")) {
    throw new TypeError("a conversation needs at least one user turn before the answer to judge");
  }
  if (turns.length === 1) return [turns[0].content, response];
  return [turns.map(({ role, content }) => `${NAMES[role]}: ${content}`).join("\n"), response];
}
