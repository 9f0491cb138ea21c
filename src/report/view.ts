import type { ProgressEvent } from '../model/progress.ts';
import type { ReportDocument } from './document/schema.ts';

/** What a command tells in the midst of its work; each time a view gets the document as it is by then. */
export const chapters = [
  /** what is worth a word of the inventory, in `warnings`; the other chapters do not repeat it */
  'warnings',
  /** that the inventory is valid */
  'inventory',
  /** what hosts are that are to be in an inventory */
  'found',
  /** the inventory that was written */
  'begun',
  /** what would be done */
  'plan',
  /** what an upgrade would change before anything is planned */
  'forecast',
  /** how a run ended */
  'result',
  /** what hosts remember */
  'history',
  /** what state hosts are in */
  'status',
  /** whether the cluster may be changed now */
  'today',
  /** the keys that hosts show */
  'keys',
  /** what became of the keys that were to be pinned */
  'pinned',
  /** where a run is at work */
  'holders',
  /** whose run it is that is followed, resumed or aborted */
  'followed',
  /** what is accepted, or no longer */
  'accepted',
  /** what became of a hold */
  'hold',
  /** what a playbook comes to on its sample hosts */
  'samples',
  /** what was asked from outside */
  'checks',
  /** which known troubles were found */
  'troubles',
  /** what the manual says of codes */
  'explanations',
  /** what counts on this machine */
  'settings',
  /** which schemas there are, or were written */
  'schemas',
  /** the pages of the manual */
  'pages',
  /** what runs by itself, and what it has found */
  'schedule',
  /** what would be given to a maintainer */
  'support',
  /** which runs there is an event log of on this machine */
  'records',
] as const;
export type Chapter = (typeof chapters)[number];

/**
 * How a command is shown: the only thing that it talks to. A view gets the report document and nothing else,
 * in which everything was made harmless: it may leave things out, but can't show what must not be seen.
 * src/report/terminal and src/report/json are two of them; another form is another folder, and a line in
 * src/report/choose-view.ts.
 */
export interface View {
  /** a chapter, at once */
  show(chapter: Chapter, document: ReportDocument): void;
  /** all of it, once the command has ended; `errors` may stand in it that no chapter had */
  end(document: ReportDocument): void;
  /**
   * how far it is: nothing is decided from it, and a view may leave it out; `at`: when that was, where it is
   * told again, in milliseconds since the epoch
   */
  progress(event: ProgressEvent, at?: number): void;
  /** a sentence for the person in front of the terminal, and not among the results */
  message(text: string): void;
}

/** What a person is told on standard error, whatever form the results on standard output have. */
export interface Aside extends Pick<View, 'progress' | 'message'> {
  /** why the command could not be carried out, where it could not */
  problems(document: ReportDocument): void;
}
