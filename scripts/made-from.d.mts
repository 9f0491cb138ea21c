export function madeFrom(variables?: Readonly<Record<string, string | undefined>>): {
  readonly commit: string | undefined;
  readonly date: number | undefined;
};
