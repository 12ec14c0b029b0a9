/** Registrations with all the trunks that want one. */
import type { SipContext } from './context.ts';
import { TrunkRegistration } from './trunk-registration.ts';

export class TrunkRegistrations {
  readonly #context: SipContext;
  readonly #byTrunk = new Map<string, TrunkRegistration>();

  constructor(context: SipContext) {
    this.#context = context;
  }

  begin(): void {
    const { engine, trunks } = this.#context;
    for (const trunk of trunks.all()) {
      if (!trunk.config.register) continue;
      this.#byTrunk.set(trunk.config.name, new TrunkRegistration(this.#context, trunk));
      engine.post({ type: 'trunk.opened', trunk: trunk.config.name });
    }
  }

  /** Takes back what is registered. */
  end(): void {
    for (const registration of this.#byTrunk.values()) registration.unregister();
  }

  /** Registers with one of them, or refreshes that. */
  register(trunk: string): string | undefined {
    const registration = this.#byTrunk.get(trunk);
    registration?.register();
    return registration === undefined ? 'no such trunk' : undefined;
  }
}
