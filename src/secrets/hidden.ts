/** What is shown in place of a secret, regardless of its length. */
export const hidden = '********';
