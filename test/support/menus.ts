/** Menus and in-call codes that do everything there is, for tests of charts. */
import type { InCallAction, InCallOrder, InCallSettings, IvrSettings, Menu } from '../../machines/vocabulary/ivr.ts';

const MENU: Menu = {
  prompts: ['welcome'],
  bargeIn: true,
  choices: {},
  firstMs: 5_000,
  betweenMs: 3_000,
  terminator: '#',
  retries: 1,
  invalid: ['wrong'],
  silent: ['hello'],
  nobody: ['sorry'],
  ringMs: 20_000,
  fallBack: { does: 'hangUp' },
};

/** A menu with these choices. */
export const menu = (choices: Menu['choices'], more: Partial<Menu> = {}): Menu => ({ ...MENU, choices, ...more });

export const MENUS: IvrSettings = {
  numbers: { '100': 'main', '200': 'quiet' },
  callsAs: '',
  menus: {
    main: menu(
      {
        '1': { does: 'ring', whom: ['bob'] },
        '2': { does: 'ring', whom: ['bob', 'carol'] },
        '3': { does: 'menu', menu: 'quiet' },
        '4': { does: 'dial', prompts: ['extension'], max: 3 },
        '5': {
          ...{ does: 'pin', pin: 'door', prompts: ['pin'], tries: 2 },
          next: { does: 'say', prompts: ['open'], next: { does: 'hangUp' } },
          otherwise: { does: 'repeat' },
        },
        '6': { does: 'raise', name: 'open-door', next: { does: 'say', prompts: ['open'], next: { does: 'repeat' } } },
        '7': { does: 'back' },
        '9': { does: 'repeat' },
        '#': { does: 'hangUp' },
        '12': { does: 'say', prompts: ['hours'], next: { does: 'repeat' } },
      },
      { fallBack: { does: 'ring', whom: ['carol'] } },
    ),
    gate: menu({
      '1': {
        ...{ does: 'pin', pin: 'door', prompts: [], tries: 1 },
        next: { does: 'raise', name: 'open-door', next: { does: 'hangUp' } },
        otherwise: { does: 'back' },
      },
    }),
    sales: menu({ '1': { does: 'ring', whom: ['bob', 'carol'] }, '2': { does: 'menu', menu: 'gate' } }),
    quiet: menu(
      { '1': { does: 'dial', prompts: [], max: 2 }, '7': { does: 'back' }, '9': { does: 'repeat' } },
      { prompts: [], invalid: [], silent: [], nobody: [], fallBack: { does: 'menu', menu: 'main' } },
    ),
  },
};

/** One code, which everybody may press. */
export const code = (does: InCallAction, keys: string, more: Partial<InCallOrder> = {}): InCallOrder => ({
  ...{ name: keys, code: keys, does, prompts: [], raises: '', isHidden: true, users: undefined, party: 'both' },
  takesArgument: does === 'transfer' || does === 'attendedTransfer',
  ...more,
});

/** All that codes can do. */
export const CODES: InCallSettings = {
  holdMusic: ['tone:hold'],
  orders: [
    code('hold', '*1'),
    code('transfer', '*2'),
    code('attendedTransfer', '*3'),
    code('record', '*4'),
    code('announce', '*5', { prompts: ['tone:beep'] }),
    code('complete', '*7'),
    code('cancel', '*8'),
    code('raise', '*9', { raises: 'open-door', takesArgument: true }),
    code('hangUp', '*0'),
  ],
};
