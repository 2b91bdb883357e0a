/** A program that must record and replay. */
export interface AcceptanceProgram {
  /** Commands beside those that every machine with the tests has; what is missing is named, and the row skipped. */
  readonly needs?: readonly string[];
  /** Recordings of this program must not all print the same: it races, and what wins is what was recorded. */
  readonly races?: boolean;
  /** What `--only` selects, and the table's first column. */
  readonly name: string;
  /** Program and arguments, absolute where PATH may hold something else by that name. */
  readonly command: readonly string[];
  /** Why two native runs print different things: only recording and replay are compared then. */
  readonly varies?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Standard streams are a terminal; `input` is typed there. */
  readonly terminal?: boolean;
  /** Fills the working directory, which is empty. */
  readonly prepare?: (directory: string) => void;
  /** For each run; 300 when left out. */
  readonly limitSeconds?: number;
}
