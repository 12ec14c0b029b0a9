/** The commands that speak to a service that runs, by its HTTP API; what they need is imported when one is given. */
import type { Command, Given } from './command.ts';

type Work = (command: Command, given: Given) => Promise<number>;

function command(name: string, usage: string, purpose: string, work: () => Promise<Work>): Command {
  const made: Command = { name, usage, purpose, run: async (given) => (await work())(made, given) };
  return made;
}

const ofCalls = () => import('./operating/calls.ts');
const ofUsers = () => import('./operating/users.ts');
const ofOrders = () => import('./operating/orders.ts');

/** In the order of `--help`. */
export const OPERATING: readonly Command[] = [
  command(
    'calls',
    '[--search TEXT]',
    'lists calls: those that go on and the last ones that are over',
    async () => (await ofCalls()).calls,
  ),
  command(
    'call',
    'ID [--messages] [--journal]',
    'shows a call: parties, story, machines, messages',
    async () => (await ofCalls()).call,
  ),
  command('story', 'ID', 'tells what happened in a call and why it ended so', async () => (await ofCalls()).story),
  command('users', '[--search TEXT]', 'lists who is registered', async () => (await ofUsers()).users),
  command('user', 'NAME', 'shows a user: phones, pushes, calls', async () => (await ofUsers()).user),
  command(
    'watch',
    '[KIND …] [NAME=TEXT …]',
    'shows facts as they happen, such as call.* or caller=sip:alice@…',
    async () => (await import('./operating/watch.ts')).watch,
  ),
  command('raise', 'TYPE [NAME=TEXT …]', 'posts a fact of your own', async () => (await ofOrders()).raise),
  command('hangup', 'ID', 'ends a call', async () => (await ofOrders()).hangup),
  command('fork', 'ID TO', 'rings somebody else in a call too', async () => (await ofOrders()).fork),
  command('pickup', 'ID BY', 'has a user pick a ringing call up', async () => (await ofOrders()).pickup),
];
