/** Has something done once what was asked for before it is done. */
export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Has one thing done after the other: programs that look up secrets may ask somebody on the terminal. */
export function oneByOne(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
