/** How people are told of a question: words of a list, as a choice. */

export interface Channels {
  email: boolean;
  web: boolean;
  /** The channel of Slack; empty where it is not told. */
  slack: string;
  /** What this page has no words for. */
  others: string[];
}

const SLACK = /^slack:?\s*/i;
const EMAIL = /^e?mail$/i;
const WEB = /^(web|inbox|in[-_]app)$/i;

export function channelsOf(value: unknown): Channels {
  const all = Array.isArray(value) ? value.map(String) : [];
  const slack = all.find((one) => SLACK.test(one));
  return {
    email: all.some((one) => EMAIL.test(one)),
    web: all.some((one) => WEB.test(one)),
    slack: slack?.replace(SLACK, '') ?? '',
    others: all.filter((one) => one !== slack && !EMAIL.test(one) && !WEB.test(one)),
  };
}

/** The list as it is stored; none where nobody is told. */
export function channelList({ email, web, slack, others }: Channels): string[] | undefined {
  const all = [...(email ? ['email'] : []), ...(slack ? [`slack:${slack}`] : []), ...(web ? ['web'] : [])];
  const list = [...all, ...others];
  return list.length > 0 ? list : undefined;
}
