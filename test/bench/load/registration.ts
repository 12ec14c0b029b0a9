import type { Load, Repeat, Session } from './load.ts';
import type { Run } from './run.ts';
import { registerRequest, statusOf } from './wire.ts';

/** A device that can register any number of times. */
export interface Device {
  readonly id: number;
  cseq: number;
  /** Registered with pn-* parameters: the service pushes it instead of ringing it. */
  readonly pn: boolean;
}

export const newDevice = (load: Load, pn: boolean): Device => ({ id: load.newId(), cseq: 0, pn });

/** One REGISTER and its answer. */
export class Registration implements Session {
  readonly run: Run;
  readonly #load: Load;
  readonly #device: Device;
  readonly #sentMs: number;
  readonly #request: Repeat;
  succeeded = false;

  constructor(load: Load, run: Run, device: Device) {
    this.run = run;
    this.#load = load;
    this.#device = device;
    this.#sentMs = load.nowMs;
    run.started += 1;
    load.attach(device.id, this, true);
    this.#request = register(load, run, device);
  }

  response(_role: string, text: string): void {
    const status = statusOf(text);
    if (status < 200 || this.#request.stopped) return;
    this.#request.stopped = true;
    this.#load.detach(this.#device.id);
    if (status >= 300) {
      this.run.fail(status);
      return;
    }
    this.run.registered.add(this.#load.nowMs - this.#sentMs);
    this.succeeded = true;
    this.run.done += 1;
  }

  request(): void {}

  expired(): void {
    if (this.#request.stopped) return;
    this.#request.stopped = true;
    this.run.fail(0);
  }
}

/** Sends the device's next REGISTER. */
export function register(load: Load, run: Run, device: Device): Repeat {
  device.cseq += 1;
  const outlet = load.callee(device.id);
  return load.repeat(outlet, registerRequest(device.id, device.cseq, outlet.port, device.pn), run);
}
