/**
 * The beginning of a text that fits into so many pixels, with an ellipsis where something is left out. Which
 * font a reader has is not known: an average of what system fonts need, and rather too much.
 */
export function fitting(text: string, width: number, size: number, bold = false): string {
  const each = size * (bold ? 0.6 : 0.56);
  const most = Math.max(1, Math.floor(width / each));
  const characters = [...text];
  let taken = 0;
  for (const [index, character] of characters.entries()) {
    taken +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]|\p{Extended_Pictographic}/u.test(
        character,
      ) && !/[\0-\xff]/.test(character)
        ? 2
        : 1;
    if (taken > most)
      return `${characters
        .slice(0, Math.max(1, index - 1))
        .join('')
        .trimEnd()}…`;
  }
  return text;
}
