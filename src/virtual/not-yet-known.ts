/**
 * A step needs to know what an action brings, which can be known only once it was carried out. Not an error:
 * the step is planned as "known after" that.
 */
export class NotYetKnown extends Error {
  override readonly name = 'NotYetKnown';
  readonly path: string;
  readonly after: string;

  constructor(path: string, after: string) {
    super(`what ${path} holds is known after ${after}`);
    this.path = path;
    this.after = after;
  }
}
