// What somebody wants to look at next takes the place of all that was wanted before: of links, samples and imports that
// are still on their way, only the last is shown, and none that was called off.

let round = 0;

/** Calls off whatever is on its way. What it returns tells, after each wait, whether what began now is still wanted. */
export function begin(): () => boolean {
  round += 1;
  const mine = round;
  return () => mine === round;
}
