/**
 * What a system call's error means for an operator (errno(3)), in words that can follow a colon. Those that
 * aren't listed keep the system's own description.
 */
const words: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'it is in use',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'it exists already',
  EFBIG: 'it would be too large',
  EIO: 'the disk reports an input or output error',
  EISDIR: 'it is a directory',
  ELOOP: 'its symbolic links lead in a circle',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'its name is too long',
  ENFILE: 'too many files are open',
  ENODEV: 'there is no such device',
  ENOENT: 'it, or a folder on its path, does not exist',
  ENOMEM: 'there is not enough memory',
  ENOSPC: 'no space is left on the disk',
  ENOTDIR: 'a part of its path is not a folder',
  ENXIO: 'there is no such device',
  EPERM: 'that is not permitted',
  EPIPE: 'the reader has closed the pipe',
  EROFS: 'the file system is read-only',
  ETXTBSY: 'it is a program that is running',
};

/** Why something failed. Node.js puts the name of the system call around the cause, which alone is told. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return error.message;
  const described = /^E[A-Z0-9]+: (.*?), \w+(?: '.*')?$/s.exec(error.message)?.[1];
  return words[code] ?? described ?? error.message;
}
