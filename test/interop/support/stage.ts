import type { PushInbox } from './push-inbox.ts';
import type { Service, User } from './service.ts';
import { type Part, Sipp } from './sipp.ts';

/** One case's service and its peers: they end with the case, and explain themselves where it fails. */
export class Stage {
  readonly service: Service;
  readonly pushes: PushInbox;
  readonly #parts: Sipp[] = [];

  constructor(service: Service) {
    this.service = service;
    this.pushes = service.pushes;
  }

  // Arrow functions, so that a case can take what it needs by name.
  readonly user = (): User => this.service.user();

  /** Starts a scenario. */
  readonly sipp = async (scenario: string, part: Omit<Part, 'service'>): Promise<Sipp> => {
    const sipp = await Sipp.play(scenario, { ...part, service: this.service.port });
    this.#parts.push(sipp);
    return sipp;
  };

  /** Registers and goes: afterwards nobody listens at that contact. */
  readonly registers = async (part: Omit<Part, 'service'>): Promise<void> => {
    await (await this.sipp('register', part)).done();
  };

  /** A phone that registers and stays, playing `outOfCall` for the call that comes. */
  readonly phone = async (outOfCall: string, part: Omit<Part, 'service'>): Promise<Sipp> => {
    const phone = await this.sipp('stay', { limitSeconds: 90, ...part, outOfCall });
    await phone.got('SIP/2.0 200');
    return phone;
  };

  explain(): string {
    const peers = this.#parts.map((part) => part.explain()).join('\n');
    return `${peers}\n--- pushes:\n${JSON.stringify(this.pushes.all)}\n--- the service said:\n${this.service.said.slice(-SAID)}`;
  }

  async end(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.stop()));
  }
}

const SAID = 10_000;

/** The body of a test: plays the case on a stage of its own. */
export function onStage(service: () => Service, play: (stage: Stage) => Promise<void>): () => Promise<void> {
  return async () => {
    const stage = new Stage(service());
    try {
      await play(stage);
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}\n${stage.explain()}`, { cause: error });
    } finally {
      await stage.end();
    }
  };
}

/** Contact parameters of a device that can be woken (RFC 8599); its pn-prid is the user's name. */
export const pushable = ({ name }: User): string => `;pn-provider=fcm;pn-param=interop;pn-prid=${name}`;

/** Value of a header in a message. */
export const headerOf = (message: string, name: string): string =>
  new RegExp(`^${name}[ \\t]*:[ \\t]*(.*?)\\r?$`, 'im').exec(message)?.[1] ?? '';
