/** Where the lines of an event log go. */
export interface Outlet {
  /** in words that can follow `to` */
  readonly where: string;
  /** Takes a line, with its line break; throws if that can't be written. */
  write(line: string): void;
  /** called once the id of the run is known */
  name?(run: string): void;
  /** Ends it, once all of it is written, or nobody takes it. */
  close(): Promise<void>;
}
