import { describe, expect, it } from 'vitest';
import type { ChartView, Visit } from '../../src/insight/model.ts';
import { drawingOf, pathData } from '../../src/page/machine/drawing.ts';
import { edgesOf, type GraphNode, graphOf } from '../../src/page/machine/graph.ts';
import { litAfter, Ways } from '../../src/page/machine/way.ts';
import { chart, START, state, transition } from './fixture.ts';

const visit = (state: string, event: string): Visit => ({ at: START, state, event, n: 0 });
const ids = (node: GraphNode): string[] => [node.id, ...(node.children ?? []).flatMap(ids)];

describe('the graph of a chart', () => {
  it('has an arrow for all that leads from one state to another, and a dot where states begin', () => {
    expect(edgesOf(chart).map(({ key, lines }) => [key, ...lines])).toEqual([
      ['#initial→ringing'],
      ['ringing#initial→ringing.offering'],
      ['ringing→talking', 'leg.answered [isFirst or isWoken]'],
      ['ringing→ringing.offering', 'call.ring'],
      ['ringing.offering→ringing.trying', 'after 0 ms'],
      ['ringing.trying→failing', 'always [isOver]'],
      ['failing→ended', 'always'],
      ['talking→ended', 'leg.hungUp'],
    ]);
  });

  it('counts what finds no room beside an arrow', () => {
    const transitions = ['a', 'b', 'c', 'd', 'e'].map((event) => transition(event, 'x'));
    const wide: ChartView = { ...chart, root: state('', { children: [state('w', { transitions }), state('x')] }) };
    expect(edgesOf(wide)[0]?.lines).toEqual(['a', 'b', 'c', '2 more']);
  });

  it('nests states as they are nested, and leaves texts out where they are not wished', () => {
    const graph = graphOf(chart, { labels: 'all', direction: 'DOWN' });
    expect(ids(graph)).toEqual([
      ...['graph', 's:', 's:#initial', 's:ringing', 's:ringing#initial', 's:ringing.offering', 's:ringing.trying'],
      ...['s:failing', 's:talking', 's:ended'],
    ]);
    expect(graph.edges?.filter(({ labels }) => labels !== undefined)).toHaveLength(6);
    expect(graphOf(chart, { labels: 'none', direction: 'DOWN' }).edges?.some(({ labels }) => labels !== undefined)).toBe(false);
  });

  it('is drawn as it was placed', () => {
    const placed = {
      ...{ id: 'graph', width: 99.2, height: 50 },
      children: [
        { id: 's:', x: 1, y: 2, width: 90, height: 40, children: [{ id: 's:ended', x: 5, y: 6, width: 20, height: 10 }] },
      ],
      edges: [
        {
          id: 'talking→ended',
          sections: [{ startPoint: { x: 0, y: 0 }, bendPoints: [{ x: 0, y: 20 }], endPoint: { x: 20, y: 20 } }],
          labels: [{ x: 3, y: 4 }],
        },
      ],
    };
    const { boxes, arrows, width } = drawingOf(chart, placed as never);
    expect(width).toBe(100);
    expect(boxes.map(({ name, kind, depth }) => [name, kind, depth])).toEqual([
      ['call', 'compound', 0],
      ['ended', 'final', 1],
    ]);
    expect(arrows).toMatchObject([{ edge: { key: 'talking→ended' }, text: { x: 3, y: 4 }, middle: { x: 0, y: 20 } }]);
    expect(pathData(arrows[0]?.points ?? [])).toBe('M0.0,0.0L0.0,14.0Q0.0,20.0 6.0,20.0L20.0,20.0');
  });
});

describe('the way of an actor through its chart', () => {
  const ways = new Ways(chart);
  const arrowsOf = (...visits: Visit[]): readonly string[] => ways.staysOf(visits).at(-1)?.arrows ?? [];

  it('begins at the dots', () => {
    expect(arrowsOf(visit('ringing.offering', 'invite.received'))).toEqual([
      '#initial→ringing',
      'ringing#initial→ringing.offering',
    ]);
  });

  it('follows what was taken, delayed events and those of ancestors too', () => {
    const offering = visit('ringing.offering', 'invite.received');
    expect(arrowsOf(offering, visit('ringing.trying', 'xstate.after.0.call.ringing.offering'))).toEqual([
      'ringing.offering→ringing.trying',
    ]);
    expect(arrowsOf(offering, visit('talking', 'leg.answered'))).toEqual(['ringing→talking']);
  });

  it('finds the states between, which it left at once', () => {
    expect(arrowsOf(visit('ringing.offering', ''), visit('ended', 'xstate.after.0.call.ringing.offering'))).toEqual([
      ...['ringing.offering→ringing.trying', 'ringing.trying→failing', 'failing→ended'],
    ]);
  });

  it('goes on by itself from where it was, after an event that only was noted', () => {
    expect(arrowsOf(visit('ringing.trying', ''), visit('ended', 'actor.ended'))).toEqual([
      ...['ringing.trying→failing', 'failing→ended'],
    ]);
  });

  it('makes nothing up where no arrow leads', () => {
    expect(arrowsOf(visit('talking', ''), visit('ringing.trying', 'leg.hungUp'))).toEqual([]);
    expect(arrowsOf(visit('unheard.of', ''), visit('also.unheard', 'x'))).toEqual([]);
  });

  it('enters all regions of a parallel state', () => {
    const regions = ['a', 'b'].map((name) =>
      state(name, { initial: `${name}.on`, children: [state(`${name}.on`, {}), state(`${name}.off`)] }),
    );
    const parallel: ChartView = { ...chart, root: state('', { type: 'parallel', children: regions }) };
    expect(new Ways(parallel).staysOf([visit('a.on b.on', '')])[0]?.arrows).toEqual(['a#initial→a.on', 'b#initial→b.on']);
  });

  it('lights where it is, where it was and how it came there', () => {
    const stays = ways.staysOf([
      visit('ringing.offering', 'invite.received'),
      visit('ringing.trying', 'xstate.after.0.call'),
      visit('ended', 'actor.ended'),
    ]);
    const lit = litAfter(stays, 2);
    expect([...lit.now]).toEqual(['ringing.trying', 'ringing', '']);
    expect([...lit.before]).toEqual(['ringing.offering', 'ringing', '', 'ringing.trying']);
    expect(lit.taken.get('ringing.offering→ringing.trying')).toEqual([2]);
    expect(litAfter(stays, 0).now.size).toBe(0);
    expect(litAfter(stays, 3).now.has('ended')).toBe(true);
    expect([lit.before.has('failing'), litAfter(stays, 3).before.has('failing')]).toEqual([false, true]);
  });
});
