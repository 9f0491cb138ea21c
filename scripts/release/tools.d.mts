export interface Tools {
  readonly node: string;
  readonly nodeLicence: string;
  readonly postject: string;
}
export function findTools(): Tools | undefined;
export function tools(): Tools;
