/** Charts as the API shows them. */
import { z } from '@hono/zod-openapi';
import type { ChartView, StateNodeView, TransitionView } from '../../insight/model.ts';
import { words } from './values.ts';

const transition: z.ZodType<TransitionView> = z
  .strictObject({
    event: words('Event type; `after 20 s` of delayed ones, `always` of eventless ones.'),
    guard: z.string(),
    actions: z.array(z.string()),
    target: words("Path; the source's own where it goes nowhere."),
    description: z.string(),
  })
  .openapi('Transition');

const node: z.ZodType<StateNodeView> = z
  .strictObject({
    path: words('Dotted path below the root; empty for the root itself.'),
    name: z.string(),
    type: z.enum(['atomic', 'compound', 'parallel', 'final', 'history']),
    initial: words('Path of the initial child; empty where none.'),
    description: z.string(),
    entry: z.array(z.string()),
    exit: z.array(z.string()),
    transitions: z.array(transition),
    children: z.array(z.lazy((): z.ZodType<StateNodeView> => node)),
  })
  .openapi('StateNode');

/** A chart for drawing: its definition, without code. */
export const chart: z.ZodType<ChartView> = z
  .strictObject({
    scenario: z.string(),
    description: z.string(),
    isOwn: z.boolean().openapi({ description: "Whether it is one of the service's own." }),
    startsOn: z.array(z.string()).openapi({ description: 'Facts that bear a case of it.' }),
    root: node,
  })
  .openapi('Chart');
