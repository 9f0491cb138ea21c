export function linksBelow(folder: string): Readonly<Record<string, string>>;
