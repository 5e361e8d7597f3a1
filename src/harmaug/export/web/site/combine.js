/**
 * One log-odds from those of many windows: Simes' rule on how rare each is among harmless windows,
 * as in `harmaug.guard.combine`. `tails` holds the knots of that rarity: `depth` and the log-odds
 * of windows of texts and of documents; documents less rare than `least` lose `margin` of it.
 * Between the knots it is linear, and beyond them it goes on as at the end.
 */
export function combine(logOdds, tokens, tails, settings) {
  const document = tokens >= settings.document_tokens;
  const tail = document ? tails.document : tails.text;
  const count = logOdds.length;
  if (count === 1) return logOdds[0];
  const ordered = [...logOdds].sort((one, two) => two - one);
  const depths = ordered.map(
    (each, index) => line(each, tail, tails.depth) - Math.log(count / (index + 1)),
  );
  const rarity = Math.max(...depths);
  const margin = document && rarity < tails.least ? tails.margin : 0;
  return line(rarity - margin, tails.depth, tail);
}

function line(value, from, to) {
  let at = 1;
  while (at < from.length - 1 && value > from[at]) at += 1;
  const share = (value - from[at - 1]) / (from[at] - from[at - 1]);
  return to[at - 1] + share * (to[at] - to[at - 1]);
}
