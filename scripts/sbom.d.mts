interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly object[];
  readonly hashes?: readonly object[];
  readonly components?: readonly Component[];
}
export interface Sbom {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
}
export function sbomOf(options: {
  readonly metafile: {
    readonly outputs: Readonly<
      Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
    >;
  };
  readonly lock: string;
  readonly root?: string;
}): Sbom;
export function withNode(
  sbom: Sbom,
  node: { readonly version: string; readonly parts: Readonly<Record<string, string>> },
): Sbom;
