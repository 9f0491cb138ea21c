/** What hosts can be taken from, in the order in which a file is taken for one. */
export const listKinds = ['ansible', 'nginx', 'ssh-config', 'servers'] as const;
export type ListKind = (typeof listKinds)[number];
