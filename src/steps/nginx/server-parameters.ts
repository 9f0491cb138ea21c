import { absolutePath } from '../shared/parameters.ts';

/** For a path in nginx's configuration, in which blanks and braces would need quoting. */
export const plainPath = absolutePath.regex(/^[A-Za-z0-9_./*+:@%=-]*$/, 'expected a path of plain letters');

/** Where `certbot --webroot` is pointed to by most guides. */
export const usualAcmeRoot = '/var/www/html';
