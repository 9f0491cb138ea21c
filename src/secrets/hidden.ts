/** What stands in place of a secret, however long it is. */
export const hidden = '********';
