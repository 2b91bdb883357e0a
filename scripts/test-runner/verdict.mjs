// What a test file's run is worth. uvu exits 0 although something is broken in several ways (a hook or a test that
// throws what it does not expect, a suite that was never run, a stray `only`), so its status alone says nothing: the
// counts of its summary must agree, and the summary must be there.

const summaryForm = /^ {2}Total: {5}(\d+)\n {2}Passed: {4}(\d+)\n {2}Skipped: {3}(\d+)\n {2}Duration: /gm;

/** Source text without comments and the contents of strings, roughly: enough to look for calls. */
function withoutText(source) {
  return source.replace(
    /\/\*[\s\S]*?\*\/|(?<!:)\/\/.*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g,
    ' ',
  );
}

/** Why a test file must not run as it stands, or undefined. */
export function refuseSource(source) {
  const code = withoutText(source);
  const only = /\b(\w+)\.only\b/.exec(code);
  if (only !== null) return `${only[1]}.only hides the other tests of the file: remove it`;
  const suites = [...code.matchAll(/\b(\w+)\s*=\s*suite\s*(?:<[^>]*>)?\s*\(/g)].map((match) => match[1]);
  if (/\btest\s*\(/.test(code)) suites.push('test');
  const forgotten = suites.find((name) => !new RegExp(`\\b${name}\\.run\\s*\\(`).test(code));
  if (forgotten !== undefined) return `${forgotten}.run() is missing: its tests would never run`;
  return undefined;
}

/**
 * Judges a run by its standard output and its end. Gives { passed, failed, skipped, reasons, empty }: the reasons are
 * those that uvu did not print itself; `empty` says that it ended well and there was no test.
 */
export function judge({ text, status, signal, limitReached }) {
  const summaries = [...text.matchAll(summaryForm)];
  const [total = 0, passed = 0, skipped = 0] = (summaries.at(-1) ?? []).slice(1).map(Number);
  const reasons = [];
  if (limitReached !== undefined) reasons.push(`${limitReached} (a hang, or a handle left open): killed`);
  else if (signal !== null) reasons.push(`died of ${signal}`);
  else if (status !== 0 && total === passed) reasons.push(`exit status ${status} although no test says that it failed`);
  if (summaries.length === 0) reasons.push('printed no summary: the tests did not run to their end');
  if (summaries.length > 1) reasons.push(`printed ${summaries.length} summaries: suites must be run at the top level`);
  if (summaries.length === 1 && total === 0) reasons.push('has no tests');
  if (passed !== total && status === 0) {
    reasons.push(`${passed} of ${total} passed, yet uvu calls it a success: a hook threw, or a test threw no Error`);
  }
  const failed = Math.max(total - passed, reasons.length > 0 ? 1 : 0);
  const empty = summaries.length > 0 && summaries.every((each) => Number(each[1]) === 0) && status === 0;
  return { passed, failed, skipped, reasons, empty };
}
