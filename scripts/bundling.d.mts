import type { BuildOptions } from 'esbuild';

/** name to file */
type Programs = Readonly<Record<string, string>>;

export declare function bundling(programs: Programs): BuildOptions;
export declare function startersOf(programs: Programs, code: { readonly program: string }): BuildOptions;
