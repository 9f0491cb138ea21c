/**
 * Errors of this machine's own network: its name servers don't answer, it has no way out or lets no program
 * out, or it has run out of something (errno(3), connect(2), getaddrinfo(3)). A server that is silent or
 * refuses is none of them.
 */
export const ownNetworkErrors: ReadonlySet<string> = new Set([
  ...['EAI_AGAIN', 'ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EACCES', 'EPERM'],
  ...['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'],
]);
