import type { Settings, User } from './service.ts';

/** The people of one case; no other case calls them. Bob, Carol and Dave may take each other's calls, and Erin theirs. */
export interface Team {
  readonly alice: User;
  readonly bob: User;
  readonly carol: User;
  readonly dave: User;
  /** She may take calls over that are answered. */
  readonly erin: User;
  readonly outsider: User;
}

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'outsider'] as const;
const account = (name: string): User => ({ name, password: `secret-of-${name}` });
const team = (number: number) => Object.fromEntries(NAMES.map((name) => [name, account(`${name}${number}`)])) as unknown as Team;

/** Teams of pickers, one for each case, and the config that knows them all. */
export class Teams {
  readonly settings: Settings;
  #next = 1;

  constructor(count: number, mode: 'join' | 'callback' = 'join') {
    const all = Array.from({ length: count }, (_, index) => team(index + 1));
    const names = (users: readonly User[]): string[] => users.map(({ name }) => name);
    this.settings = {
      users: Object.fromEntries(all.flatMap((one) => Object.values(one)).map(({ name, password }) => [name, { password }])),
      pickup: {
        mode,
        groups: Object.fromEntries(
          all.map(({ bob, carol, dave, erin }, index) => [
            `team${index + 1}`,
            { members: names([bob, carol, dave]), pickers: names([erin]) },
          ]),
        ),
        takeOver: names(all.map(({ erin }) => erin)),
      },
    };
  }

  next(): Team {
    this.#next += 1;
    return team(this.#next - 1);
  }
}

/** What is dialled to take any call of one's group. */
export const ANY: User = { name: '*8', password: '' };
/** What is dialled to take that user's. */
export const directed = ({ name }: User): User => ({ name: `**${name}`, password: '' });
