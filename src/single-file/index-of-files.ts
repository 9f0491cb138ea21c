/** A file of the package within a single file. */
export interface PackedFile {
  /** from the package's folder; the name of its asset */
  readonly path: string;
  /** in octal, such as 644 */
  readonly mode: string;
  /** of its bytes, in hexadecimal */
  readonly sha256: string;
}

/** What a single file holds; the text of its asset `index.json`. */
export interface PackedFiles {
  /** all but the bundle's modules, which are run from the single file itself */
  readonly files: readonly PackedFile[];
}

export const indexAsset = 'index.json';
