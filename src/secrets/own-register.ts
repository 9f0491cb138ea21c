import { SecretRegister } from './register.ts';

/**
 * The secrets of one of several clusters that are worked on by one process. What hides words on the way out
 * has to know all of them; what is compared, recorded or sent to hosts must hold none of another cluster's.
 */
export class OwnRegister extends SecretRegister {
  readonly #whole: SecretRegister;

  /** `whole`: learns whatever this one does */
  constructor(whole: SecretRegister) {
    super();
    this.#whole = whole;
  }

  override add(value: string): void {
    super.add(value);
    this.#whole.add(value);
  }
}
