import { CryptoRandom } from '../../../src/random.ts';
import { Phone } from '../../../src/testing/phone.ts';
import type { PhoneOptions } from '../../../src/testing/phone-options.ts';
import { openSocketWire } from '../../../src/testing/socket-wire.ts';
import type { Service, User } from './service.ts';

const HOST = '127.0.0.1';
const random = new CryptoRandom();

/** Simulated phones on real sockets, registered at a service under test; they all go together. */
export class RealPhones {
  readonly #service: Service;
  readonly #phones: Phone[] = [];

  constructor(service: Service) {
    this.#service = service;
  }

  /** A phone that registers. */
  async phone({ name, password }: User, more: Partial<PhoneOptions> = {}): Promise<Phone> {
    const proxy = { host: HOST, port: this.#service.port };
    const wire = await openSocketWire('udp', HOST);
    const phone = new Phone({ wire, random, proxy, domain: HOST, user: name, password, ...more });
    this.#phones.push(phone);
    await this.registers(phone);
    return phone;
  }

  /** The app starts again, somewhere else, and registers. */
  async relaunch(phone: Phone): Promise<void> {
    phone.relaunch(await openSocketWire('udp', HOST));
    await this.registers(phone);
  }

  registers(phone: Phone): Promise<void> {
    return new Promise((resolve, reject) => {
      phone.register({}, ({ status }) => {
        if (status === 200) resolve();
        else reject(new Error(`${phone.name} registers: ${status}`));
      });
    });
  }

  close(): void {
    for (const phone of this.#phones) phone.wire.close();
  }
}
