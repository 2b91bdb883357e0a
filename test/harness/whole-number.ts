/** The number that a command line's option has: a whole one, at least `least`. Anything else ends the command with status 2. */
export function wholeNumber(text: string, option: string, least: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  console.error(`${option} ${text}: expected a whole number of at least ${least}`);
  process.exit(2);
}
