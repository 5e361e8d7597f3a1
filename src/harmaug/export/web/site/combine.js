/**
 * One log-odds from those of many windows: Simes' rule on how rare each is among harmless windows,
 * as in `harmaug.guard.combine`. `tail` is `{logOdds, depth}`, the knots of that rarity; between
 * them it is linear, and beyond them it goes on as at the end. Windows must be rarer by `margin`.
 */
export function combine(logOdds, tail, margin) {
  const count = logOdds.length;
  if (count === 1) return logOdds[0];
  const ordered = [...logOdds].sort((one, two) => two - one);
  const rarity = ordered.map(
    (each, index) => line(each, tail.logOdds, tail.depth) - Math.log(count / (index + 1)),
  );
  return line(Math.max(...rarity) - margin, tail.depth, tail.logOdds);
}

function line(value, from, to) {
  let at = 1;
  while (at < from.length - 1 && value > from[at]) at += 1;
  const share = (value - from[at - 1]) / (from[at] - from[at - 1]);
  return to[at - 1] + share * (to[at] - to[at - 1]);
}
