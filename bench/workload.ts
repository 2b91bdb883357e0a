/** A program to measure. */
export interface Workload {
  /** What `--only` selects, and the table's first column. */
  readonly name: string;
  readonly command: readonly string[];
  /** Commands that it needs and that a machine may not have: then its row is skipped. */
  readonly needs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** More options of `record`. */
  readonly recordOptions?: readonly string[];
  /** Fills the working directory, which is empty; before each native run and each recording. */
  readonly prepare?: (directory: string) => void;
  /** The working directory is on tmpfs. */
  readonly memoryFileSystem?: boolean;
  /** How many calls or processes it makes: the table then says what one costs. */
  readonly units?: number;
  /** Few enough instructions for a debugger that records each. */
  readonly tiny?: boolean;
}
