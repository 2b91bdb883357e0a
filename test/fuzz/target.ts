/** What is read of damaged input. */
export interface Target {
  readonly sound: readonly Buffer[];
  /** @param sound what `bytes` was made from @throws EngineError, BadReferenceError */
  read(bytes: Buffer, sound: Buffer): void;
}
