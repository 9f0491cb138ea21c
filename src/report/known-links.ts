import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Link, linked } from './terminal/links.ts';

/** A name of one word may be any word of a sentence. */
const unmistakable = /[./]/;

/** What the program's own sentences name, and what that leads to: files that it wrote, addresses. */
export class KnownLinks {
  /** by what is shown: a process that goes on for weeks names the same files again and again */
  readonly #links = new Map<string, Link>();

  /** A file or folder of this machine, by its path as it will be shown; `at`: where it is, if elsewhere. */
  file(path: string, at = path): void {
    const { href } = pathToFileURL(resolve(at));
    // Who reads it may be logged in from another machine, on which there is no such file.
    const target = href.replace(/^file:\/\//, `file://${encodeURIComponent(hostname())}`);
    if (unmistakable.test(path)) this.#links.set(path, { text: path, target });
  }

  /** An address, as it will be shown. */
  address(url: string): void {
    if (URL.canParse(url)) this.#links.set(url, { text: url, target: new URL(url).href });
  }

  /** The same text, of which these are links. */
  in(text: string): string {
    return linked(text, [...this.#links.values()]);
  }
}
