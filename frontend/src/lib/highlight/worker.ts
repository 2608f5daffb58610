/**
 * Colours code away from the page's thread: grammars are big and their expressions slow.
 */
import { createCssVariablesTheme, createHighlighterCore, type HighlighterCore } from 'shiki/core';
import { createJavaScriptRegexEngine } from 'shiki/engine/javascript';
import { loadLanguage } from './languages';
import { toMarkup } from './markup';
import type { LanguageName } from './names';

/** What the page asks. */
export interface Question {
  id: number;
  code: string;
  language: LanguageName;
}

/** What it gets: markup, or nothing when the language could not be read. */
export interface Answer {
  id: number;
  markup: string | null;
}

const THEME = 'conductor';
let core: Promise<HighlighterCore> | undefined;
const loaded = new Map<string, Promise<void>>();

function highlighter(): Promise<HighlighterCore> {
  core ??= createHighlighterCore({
    themes: [createCssVariablesTheme({ name: THEME, variablePrefix: '--shiki-', fontStyle: false })],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  });
  return core;
}

async function answer({ code, language }: Question): Promise<string | null> {
  const shiki = await highlighter();
  let ready = loaded.get(language);
  if (!ready) {
    ready = loadLanguage(language).then((grammar) => shiki.loadLanguage(grammar));
    loaded.set(language, ready);
    ready.catch(() => loaded.delete(language));
  }
  await ready;
  const { tokens } = shiki.codeToTokens(code, { lang: language, theme: THEME, tokenizeMaxLineLength: 2000 });
  return toMarkup(tokens);
}

self.addEventListener('message', (event: MessageEvent<Question>) => {
  answer(event.data)
    .catch(() => null)
    .then((markup) => self.postMessage({ id: event.data.id, markup } satisfies Answer));
});
