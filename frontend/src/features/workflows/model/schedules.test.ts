import { describe, expect, it } from 'vitest';
import { graphOf } from './graph';
import {
  changedSchedule,
  inWords,
  ownZone,
  schedulesOf,
  soon,
  withoutSchedule,
  withSchedule,
  zones,
} from './schedules';

const graph = graphOf({
  triggers: [{ type: 'manual' }, { type: 'schedule', cron: '0 9 * * 1-5' }, { type: 'event', name: 'x' }],
});

describe('schedules of a graph', () => {
  it('are found among the other triggers, by their place', () => {
    expect(schedulesOf(graph)).toEqual([{ position: 1, cron: '0 9 * * 1-5', zone: undefined }]);
    expect(schedulesOf(graphOf({}))).toEqual([]);
  });

  it('are added, changed and removed without touching the others', () => {
    expect(withSchedule(graph, '0 * * * *', 'UTC')).toEqual([
      { type: 'manual' },
      { type: 'schedule', cron: '0 9 * * 1-5' },
      { type: 'event', name: 'x' },
      { type: 'schedule', cron: '0 * * * *', time_zone: 'UTC' },
    ]);
    expect(changedSchedule(graph, 1, { time_zone: 'Europe/Berlin' })[1]).toEqual({
      type: 'schedule',
      cron: '0 9 * * 1-5',
      time_zone: 'Europe/Berlin',
    });
    expect(withoutSchedule(graph, 1)).toEqual([{ type: 'manual' }, { type: 'event', name: 'x' }]);
  });
});

describe('a cron in words', () => {
  it('says what is simply said', () => {
    const said = {
      '* * * * *': 'every minute',
      '*/15 * * * *': 'every 15 minutes',
      '0 * * * *': 'every hour, at minute 0',
      '30 * * * *': 'every hour, at minute 30',
      '5 9 * * *': 'every day at 9:05',
      '0 9 * * 1-5': 'on weekdays at 9:00',
      '0 9 * * mon-fri': 'on weekdays at 9:00',
      '0 9 * * 1': 'every Monday at 9:00',
      '0 18 * * SUN': 'every Sunday at 18:00',
      '0 18 * * 7': 'every Sunday at 18:00',
      '0 0 1 * *': 'on day 1 of a month at 0:00',
    };
    for (const [cron, words] of Object.entries(said)) expect(inWords(cron), cron).toBe(words);
  });

  it('says nothing of the rest', () => {
    const unsaid = [
      '',
      '0 9 * *',
      '*/7 * * * *',
      '0 9 1 * 1',
      '0 9 * 2 *',
      '0 9,14 * * *',
      '61 9 * * *',
      '*/x * * * *',
    ];
    for (const cron of unsaid) expect(inWords(cron), cron).toBeUndefined();
  });
});

describe('a moment to come', () => {
  it('is a time within a day, and a date after that', () => {
    const now = new Date(2026, 10, 22, 8, 0).getTime();
    expect(soon(new Date(2026, 10, 22, 8, 37).toISOString(), now)).toMatch(/8:37/);
    expect(soon(new Date(2026, 10, 24, 8, 37).toISOString(), now)).toMatch(/24/);
  });
});

describe('zones', () => {
  it('begin with the own one and keep what was chosen', () => {
    const all = zones(['Mars/Olympus']);
    expect(all[0]).toBe(ownZone());
    expect(all).toContain('UTC');
    expect(all).toContain('Mars/Olympus');
    expect(all).toContain('Europe/Berlin');
    expect(new Set(all).size).toBe(all.length);
  });
});
