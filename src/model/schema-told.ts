/** A JSON Schema that the program has, or has written. */
export interface SchemaTold {
  readonly name: string;
  readonly describes: string;
  /** the file that was written */
  readonly file?: string | undefined;
  /** the comment at the head of a file that has it, for editors with yaml-language-server */
  readonly line?: string | undefined;
}
