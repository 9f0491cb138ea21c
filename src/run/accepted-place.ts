/** A place on a host: its path or unit, with a key or without; or a key alone. */
export interface Place {
  readonly host: string;
  readonly path?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * The place with the unit that is meant by a word: a unit's name, whose `.service` may be left out, as
 * systemctl(1) has it; a word by itself that is a key somewhere is that key.
 */
export function meant(place: Place, units: readonly string[], keys: readonly string[]): Place {
  const { path: word = place.key, key } = place;
  const unit = units.find((one) => one === word || one === `${word}.service`);
  if (unit === undefined) return place;
  if (place.path !== undefined) return { ...place, path: unit };
  return key !== undefined && keys.includes(key) ? place : { host: place.host, path: unit };
}
