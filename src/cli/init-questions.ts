import type { DraftHost, NamedHost } from '../begin/draft.ts';
import { entryForm, parseEntries } from '../begin/entry.ts';
import { namesOf } from '../begin/from-lists.ts';
import { cleanLine } from '../document/clean-text.ts';
import { clusterNameMistake, hostnameMistake, loginMistake, type Mistake } from '../inventory/names.ts';
import { OperatorError, problemsOf } from '../model/operator-error.ts';
import type { Role } from '../model/playbook.ts';
import type { Environment } from './environment.ts';
import { discardTyped } from './typed-ahead.ts';

interface Choice {
  readonly value: string;
  readonly hint: string;
}

/**
 * What `init` asks on a terminal, one question at a time. Each throws OperatorError `interrupted` at Ctrl-C
 * and Escape.
 */
export class Questions {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  replace(file: string): Promise<boolean> {
    return this.#yes(`${file} exists already. Replace it once everything is known?`, { otherwise: false });
  }

  playbook(choices: readonly Choice[], likely: string): Promise<string> {
    const options = choices.map(({ value, hint }) => ({ value, label: value, hint: cleanLine(hint) }));
    return this.#ask(({ select }, common) =>
      select({ ...common, message: 'What do the nodes have?', options, initialValue: likely }),
    );
  }

  /** Those hosts of a list that are meant. */
  async choose(hosts: readonly NamedHost[]): Promise<readonly NamedHost[]> {
    const options = hosts.map((host, value) => ({
      value,
      label: cleanLine(
        [host.name, host.hostname, host.address].filter((word) => word !== undefined).join(' '),
      ),
      hint: cleanLine(host.role),
    }));
    const initialValues = options.map(({ value }) => value);
    const chosen = await this.#ask(({ multiselect }, common) =>
      multiselect({
        ...common,
        message: 'Which of these hosts?',
        options,
        initialValues,
        required: false,
        maxItems: 12,
      }),
    );
    return chosen.flatMap((index) => hosts[index] ?? []);
  }

  /** Undefined: as ssh would choose. */
  async user(): Promise<string | undefined> {
    const answer = await this.#text('Who logs in to the hosts?', {
      empty: 'as ssh would choose',
      mistake: (text) => (text === '' ? undefined : loginMistake(text)),
    });
    return answer === '' ? undefined : answer;
  }

  /** One or several; none where nothing was typed, which is an answer only if it `means` something. */
  async hosts(
    { name: role, description }: Role,
    { means, taken }: { readonly means?: string | undefined; readonly taken: readonly NamedHost[] },
  ) {
    const answer = await this.#text(`A ${role}: ${description}`, {
      placeholder: `${entryForm}, or several${means === undefined ? '' : `; empty: ${means}`}`,
      empty: means,
      mistake: (text) => {
        if (text !== '') return entryMistake(role, text, taken);
        return means === undefined
          ? { message: `no ${role} is named yet`, next: 'name at least one' }
          : undefined;
      },
    });
    return answer === '' ? [] : parseEntries(role, answer);
  }

  /** A name of what was found, or another one. */
  publicName(
    { name }: DraftHost,
    { proposals, taken }: { readonly proposals: readonly string[]; readonly taken: readonly NamedHost[] },
  ): Promise<string> {
    return this.#text(`The public DNS name of ${name}`, {
      initialValue: proposals[0],
      mistake: (text) => hostnameMistake(text) ?? takenMistake([text], taken),
    });
  }

  hostname(proposal: string | undefined): Promise<string> {
    return this.#text('The DNS name that browsers see', {
      initialValue: proposal,
      mistake: hostnameMistake,
    });
  }

  clusterName(proposal: string): Promise<string> {
    return this.#text('The name of the cluster, which stays on its hosts', {
      initialValue: proposal,
      mistake: clusterNameMistake,
    });
  }

  /** Of a host that can't be looked at, or not as root. */
  anyway(host: NamedHost & { readonly name: string }): Promise<boolean> {
    return this.#yes(`Keep ${host.name} all the same?`, { otherwise: false });
  }

  write(file: string): Promise<boolean> {
    return this.#yes(`Write this to ${file}?`, { otherwise: true });
  }

  #yes(question: string, { otherwise }: { readonly otherwise: boolean }): Promise<boolean> {
    return this.#ask(async ({ confirm }, common) => {
      const answer = await confirm({ ...common, message: cleanLine(question), initialValue: otherwise });
      // What would have been the answer stands there, struck through where a terminal can do that.
      if (typeof answer === 'symbol') common.output.write('\x1b[A\x1b[2K(not answered)\n');
      return answer;
    });
  }

  async #text(
    question: string,
    {
      mistake,
      empty,
      placeholder = empty,
      initialValue,
    }: {
      readonly mistake: (text: string) => Mistake | undefined;
      /** what an empty answer means, which then stands there as the answer; undefined: nothing */
      readonly empty?: string | undefined;
      readonly placeholder?: string | undefined;
      readonly initialValue?: string | undefined;
    },
  ): Promise<string> {
    const answer = await this.#ask(({ text }, common) =>
      text({
        ...common,
        message: cleanLine(question),
        ...(placeholder === undefined ? {} : { placeholder }),
        ...(empty === undefined ? {} : { defaultValue: empty }),
        ...(initialValue === undefined ? {} : { initialValue: cleanLine(initialValue) }),
        validate: (given) => {
          const found = mistake((given ?? '').trim());
          return found === undefined
            ? undefined
            : cleanLine([found.message, found.next].join('; ')).replace(/; $/, '');
        },
      }),
    );
    return answer === empty ? '' : answer.trim();
  }

  /** Loaded only here: nobody else has questions that are drawn. */
  async #ask<Answer>(
    ask: (clack: typeof import('@clack/prompts'), common: CommonOptions) => Promise<Answer>,
  ): Promise<Exclude<Answer, symbol>> {
    const { stdin, output, signal } = this.#environment;
    const clack = await import('@clack/prompts');
    await discardTyped(this.#environment);
    signal.throwIfAborted();
    const { stream, giveBack } = output.lend();
    try {
      const answer = await ask(clack, { input: stdin, output: stream, signal, withGuide: false });
      if (typeof answer === 'symbol') throw given();
      return answer as Exclude<Answer, symbol>;
    } finally {
      giveBack();
    }
  }
}

interface CommonOptions {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly signal: AbortSignal;
  readonly withGuide: boolean;
}

function entryMistake(role: string, text: string, taken: readonly NamedHost[]): Mistake | undefined {
  try {
    const before = [...taken];
    for (const host of parseEntries(role, text)) {
      const mistake = takenMistake(namesOf(host), before);
      if (mistake !== undefined) return mistake;
      before.push(host);
    }
    return undefined;
  } catch (error) {
    const [problem] = problemsOf(error);
    return problem && { message: problem.message, next: problem.next ?? '' };
  }
}

/** No two hosts of a cluster have the same name or place. */
function takenMistake(names: readonly string[], taken: readonly NamedHost[]): Mistake | undefined {
  const known = new Set(taken.flatMap(namesOf));
  const twice = names.find((name) => known.has(name));
  return twice === undefined
    ? undefined
    : { message: `${twice} is named already`, next: 'name another host' };
}

/** Given up at a question. */
function given(): OperatorError {
  return new OperatorError({
    code: 'interrupted',
    message: 'interrupted at a question',
    next: 'run the command again',
  });
}
