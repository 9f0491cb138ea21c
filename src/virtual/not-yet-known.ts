/**
 * A step needs to know what an action brings, which is known only after the action has been carried out. This
 * is not an error: the step is planned as "known after" that action.
 */
export class NotYetKnown extends Error {
  override readonly name = 'NotYetKnown';
  readonly path: string;
  readonly after: string;

  constructor(path: string, after: string) {
    super(`the contents of ${path} are known only after ${after}`);
    this.path = path;
    this.after = after;
  }
}
