/** By what a command knows which inventory it is about: `-i`, the variable, or that it lies there. */
export const inventoryOrigins = ['option', 'variable', 'found'] as const;
export type InventoryOrigin = (typeof inventoryOrigins)[number];

/** The inventory that a command took, and why that one. */
export interface TakenInventory {
  /** absolute */
  readonly path: string;
  readonly from: InventoryOrigin;
}
