/** Runs `body` for each value, `count` of them at once; the first error ends it, when those that run have ended. */
export async function inParallel<Value>(
  values: Iterable<Value>,
  count: number,
  body: (value: Value) => Promise<void>,
): Promise<void> {
  const waiting = values[Symbol.iterator]();
  const errors: unknown[] = [];
  const run = async (): Promise<void> => {
    for (let next = waiting.next(); !next.done && errors.length === 0; next = waiting.next()) {
      try {
        await body(next.value);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: count }, run));
  if (errors.length > 0) throw errors[0];
}
