/**
 * Math in Markdown without eating money: a micromark extension that reads `\(x\)`, `\[x\]`, `$$x$$` and, by Pandoc's
 * boundary rules, `$x$`. Currency ("from $2bn to $4bn") and shell variables (`$HOME/bin:$PATH`) stay what they are.
 *
 * The rules live in the tokenizer because only there is it known what is code, what is escaped and where a paragraph
 * ends; a regular expression over the whole text knows none of that.
 */
import { markdownLineEnding, markdownLineEndingOrSpace } from 'micromark-util-character';
import type { Code, Construct, Effects, Extension, State, TokenizeContext } from 'micromark-util-types';

declare module 'micromark-util-types' {
  interface TokenTypeMap {
    mathText: 'mathText';
    mathTextDisplay: 'mathTextDisplay';
    mathMarker: 'mathMarker';
    mathData: 'mathData';
    mathFlow: 'mathFlow';
  }
}

const DOLLAR = 36;
const LEFT_PAREN = 40;
const RIGHT_PAREN = 41;
const LEFT_BRACKET = 91;
const BACKSLASH = 92;
const RIGHT_BRACKET = 93;

const isWord = (code: Code): boolean =>
  code !== null && code > 0 && /[\p{L}\p{N}_]/u.test(String.fromCodePoint(code));
const isDigit = (char: string | undefined): boolean => char !== undefined && char >= '0' && char <= '9';

/**
 * An opening `$5` followed by plain words is a price list, not a formula: `$200 (US$)`. Words inside braces
 * (`\text{ km}`) and commands (`\times`) do not count.
 */
export function readsLikeMoney(content: string): boolean {
  if (!isDigit(content[0])) return false;
  const bare = content.replace(/\\[a-zA-Z]+/g, '').replace(/\{[^{}]*\}/g, '');
  return /[\s(][\p{L}]{2,}/u.test(bare);
}

/** Inline math: `$x$`, `$$x$$`, `\(x\)` and `\[x\]` inside a paragraph. */
const mathText: Construct = {
  name: 'mathText',
  tokenize(this: TokenizeContext, effects: Effects, ok: State, nok: State): State {
    const before = this.previous;
    let size = 0;
    let closing: number = RIGHT_PAREN;
    let last: Code = null;
    let content = '';
    let inData = false;

    return start;

    function start(code: Code): State | undefined {
      effects.enter('mathText');
      effects.enter('mathMarker');
      effects.consume(code);
      if (code === BACKSLASH) return afterBackslash;
      size = 1;
      return dollars;
    }

    function afterBackslash(code: Code): State | undefined {
      if (code !== LEFT_PAREN && code !== LEFT_BRACKET) return nok(code);
      closing = code === LEFT_PAREN ? RIGHT_PAREN : RIGHT_BRACKET;
      effects.consume(code);
      effects.exit('mathMarker');
      return between;
    }

    function dollars(code: Code): State | undefined {
      if (code === DOLLAR) {
        if (size === 2) return nok(code);
        size = 2;
        effects.consume(code);
        return dollars;
      }
      if (size === 1 && (isWord(before) || code === null || markdownLineEndingOrSpace(code)))
        return nok(code);
      effects.exit('mathMarker');
      return between(code);
    }

    function take(code: Code): void {
      if (!inData) {
        effects.enter('mathData');
        inData = true;
      }
      effects.consume(code);
      last = code;
      content += code !== null && code > 0 ? String.fromCodePoint(code) : ' ';
    }

    function endData(): void {
      if (inData) effects.exit('mathData');
      inData = false;
    }

    function between(code: Code): State | undefined {
      if (code === null) return nok(code);
      if (markdownLineEnding(code)) {
        endData();
        effects.enter('lineEnding');
        effects.consume(code);
        effects.exit('lineEnding');
        last = code;
        content += '\n';
        return between;
      }
      if (code === BACKSLASH && size === 0) {
        endData();
        return effects.attempt({ tokenize: bracketEnd, partial: true }, done, backslash)(code);
      }
      if (code === BACKSLASH) return backslash(code);
      if (code === DOLLAR && size === 1) {
        if (markdownLineEndingOrSpace(last)) return nok(code);
        endData();
        effects.enter('mathMarker');
        effects.consume(code);
        effects.exit('mathMarker');
        return afterSingle;
      }
      if (code === DOLLAR && size === 2) {
        endData();
        return effects.attempt({ tokenize: doubleEnd, partial: true }, done, data)(code);
      }
      return data(code);
    }

    function data(code: Code): State | undefined {
      take(code);
      return between;
    }

    /** A backslash keeps the next character from ending the formula. */
    function backslash(code: Code): State | undefined {
      take(code);
      return escaped;
    }

    function escaped(code: Code): State | undefined {
      if (code === null || markdownLineEnding(code)) return between(code);
      take(code);
      return between;
    }

    function afterSingle(code: Code): State | undefined {
      // Pandoc asks only that no digit follows; a following letter or `$` is a shell variable or a price.
      if (isWord(code) || code === DOLLAR || readsLikeMoney(content)) return nok(code);
      return done(code);
    }

    function done(code: Code): State | undefined {
      if (content.trim() === '') return nok(code);
      effects.exit('mathText');
      return ok(code);
    }

    function bracketEnd(inner: Effects, innerOk: State, innerNok: State): State {
      return (code) => {
        inner.enter('mathMarker');
        inner.consume(code);
        return (next) => {
          if (next !== closing) return innerNok(next);
          inner.consume(next);
          inner.exit('mathMarker');
          return innerOk;
        };
      };
    }

    function doubleEnd(inner: Effects, innerOk: State, innerNok: State): State {
      return (code) => {
        inner.enter('mathMarker');
        inner.consume(code);
        return (next) => {
          if (next !== DOLLAR) return innerNok(next);
          inner.consume(next);
          inner.exit('mathMarker');
          return innerOk;
        };
      };
    }
  },
};

/**
 * Display math on lines of its own: `$$ … $$` or `\[ … \]`, blank lines allowed, never left open.
 *
 * It is concrete (a `- z` inside it is no list), and what a concrete construct has swallowed cannot become a list
 * again; so it does not even begin where `source` holds no end for it.
 */
const mathFlow = (source: string): Construct => ({
  name: 'mathFlow',
  concrete: true,
  tokenize(this: TokenizeContext, effects: Effects, ok: State, nok: State): State {
    const self = this;
    let first = DOLLAR;
    let some = false;
    let inData = false;

    return start;

    function start(code: Code): State | undefined {
      first = code ?? DOLLAR;
      if (source.indexOf(first === DOLLAR ? '$$' : '\\]', self.now().offset + 2) < 0) return nok(code);
      effects.enter('mathFlow');
      effects.enter('mathMarker');
      effects.consume(code);
      return second;
    }

    function second(code: Code): State | undefined {
      if (code !== (first === DOLLAR ? DOLLAR : LEFT_BRACKET)) return nok(code);
      effects.consume(code);
      effects.exit('mathMarker');
      return afterOpen;
    }

    function afterOpen(code: Code): State | undefined {
      if (code === DOLLAR && first === DOLLAR) return nok(code);
      if (self.interrupt) return code === null || markdownLineEnding(code) ? ok(code) : nok(code);
      return inside(code);
    }

    function endData(): void {
      if (inData) effects.exit('mathData');
      inData = false;
    }

    function inside(code: Code): State | undefined {
      if (code === null) return nok(code);
      if (markdownLineEnding(code)) {
        endData();
        return effects.attempt({ tokenize: nextLine, partial: true }, inside, nok)(code);
      }
      if ((first === DOLLAR && code === DOLLAR) || (first === BACKSLASH && code === BACKSLASH)) {
        endData();
        return effects.attempt({ tokenize: end, partial: true }, done, data)(code);
      }
      return data(code);
    }

    function data(code: Code): State | undefined {
      if (!inData) {
        effects.enter('mathData');
        inData = true;
      }
      effects.consume(code);
      some ||= !markdownLineEndingOrSpace(code);
      return code === BACKSLASH ? escaped : inside;
    }

    function escaped(code: Code): State | undefined {
      if (code === null || markdownLineEnding(code)) return inside(code);
      effects.consume(code);
      return inside;
    }

    function done(code: Code): State | undefined {
      if (!some) return nok(code);
      effects.exit('mathFlow');
      return ok(code);
    }

    function nextLine(inner: Effects, innerOk: State, innerNok: State): State {
      return (code) => {
        inner.enter('lineEnding');
        inner.consume(code);
        inner.exit('lineEnding');
        return (next) => (self.parser.lazy[self.now().line] ? innerNok(next) : innerOk(next));
      };
    }

    function end(inner: Effects, innerOk: State, innerNok: State): State {
      return (code) => {
        inner.enter('mathMarker');
        inner.consume(code);
        return (next) => {
          if (next !== (first === DOLLAR ? DOLLAR : RIGHT_BRACKET)) return innerNok(next);
          inner.consume(next);
          inner.exit('mathMarker');
          return trailing;
        };
      };

      function trailing(code: Code): State | undefined {
        if (code === null || markdownLineEnding(code)) return innerOk(code);
        if (!markdownLineEndingOrSpace(code)) return innerNok(code);
        inner.enter('whitespace');
        inner.consume(code);
        inner.exit('whitespace');
        return trailing;
      }
    }
  },
});

const text: Construct = {
  ...mathText,
  previous: function (this: TokenizeContext, code: Code): boolean {
    if (code !== DOLLAR) return true;
    return this.events[this.events.length - 1]?.[1].type === 'characterEscape';
  },
};

/** The micromark extension for one text. */
export function mathSyntax(source: string): Extension {
  const flow = mathFlow(source);
  return { text: { [DOLLAR]: text, [BACKSLASH]: mathText }, flow: { [DOLLAR]: flow, [BACKSLASH]: flow } };
}
