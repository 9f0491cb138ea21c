export { clean, cleanLine } from '../document/clean-text.ts';
export { showable, showableLine } from '../secrets/showable.ts';
