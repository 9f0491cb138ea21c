import { InvalidArgumentError, Option } from 'commander';
import { isSite } from '../engine/site.ts';

/** `--site`, of workers and of commands that ask them. */
export function siteOption(): Option {
  return new Option(
    '--site <name>',
    "the site, by whose name the engine knows its clusters' workers",
  ).argParser((value) => {
    if (isSite(value)) return value;
    throw new InvalidArgumentError('It must begin with a letter, and have letters, digits, - and _ only.');
  });
}

/** Throws what commander reports as a wrong argument. */
export function httpUrl(value: string): string {
  if (/^https?:\/\//.test(value) && URL.canParse(value)) return value;
  throw new InvalidArgumentError('It must be an address such as http://127.0.0.1:9070.');
}
