import type { ListKind } from '../begin/from/list-kinds.ts';
import type { ViewOptions } from '../report/choose-view.ts';

/** Options of `init`. */
export interface InitOptions {
  readonly inventory: string;
  readonly force: boolean;
  readonly playbook?: string;
  readonly hostname?: string;
  readonly name?: string;
  /** as written, by role */
  readonly proxy: readonly string[];
  readonly balancer: readonly string[];
  readonly node: readonly string[];
  /** files with lists of hosts */
  readonly from: readonly string[];
  readonly fromKind?: ListKind;
  readonly user?: string;
  readonly become?: 'sudo' | 'none';
  readonly proxyJump?: string;
  readonly sshConfig?: string;
  readonly look: boolean;
  readonly yes: boolean;
  readonly anyway: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: ViewOptions['color'];
}
