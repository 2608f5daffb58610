import { describe, expect, it } from 'vitest';
import { channelList, channelsOf } from './channels';

describe('channels of a question', () => {
  it('are read as choices and written as a list', () => {
    const read = channelsOf(['email', 'slack:#approvals', 'web', 'pager']);
    expect(read).toEqual({ email: true, web: true, slack: '#approvals', others: ['pager'] });
    expect(channelList(read)).toEqual(['email', 'slack:#approvals', 'web', 'pager']);
    expect(channelList(channelsOf(undefined))).toBeUndefined();
  });

  it('keep what one of several words of Slack says beside the first', () => {
    const read = channelsOf(['slack:#one', 'slack:#two', 'Mail', 'in-app']);
    expect(channelList(read)).toEqual(['email', 'slack:#one', 'web', 'slack:#two']);
  });
});
