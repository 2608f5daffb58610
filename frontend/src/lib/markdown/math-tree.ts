/**
 * Turns the tokens of `math-syntax.ts` into mdast nodes and teaches unified about both.
 */
import type { CompileContext, Extension as FromMarkdownExtension, Token } from 'mdast-util-from-markdown';
import type { Processor } from 'unified';
import { mathSyntax } from './math-syntax';

/** A formula; `display` ones stand on their own line. */
export interface MathNode {
  type: 'inlineMath' | 'math';
  value: string;
  display: boolean;
}

declare module 'mdast' {
  interface RootContentMap {
    inlineMath: MathNode;
    math: MathNode;
  }
  interface PhrasingContentMap {
    inlineMath: MathNode;
  }
}

function fromMarkdown(): FromMarkdownExtension {
  const enter = (type: MathNode['type']) =>
    function (this: CompileContext, token: Token): undefined {
      this.enter({ type, value: '', display: type === 'math' }, token);
      this.buffer();
    };

  function exit(this: CompileContext, token: Token): undefined {
    const value = this.resume().trim();
    const node = this.stack[this.stack.length - 1] as unknown as MathNode;
    node.value = value;
    const source = this.sliceSerialize(token);
    node.display = source.startsWith('$$') || source.startsWith('\\[');
    this.exit(token);
  }

  function data(this: CompileContext, token: Token): undefined {
    this.config.enter.data?.call(this, token);
    this.config.exit.data?.call(this, token);
  }

  return {
    enter: { mathText: enter('inlineMath'), mathFlow: enter('math') },
    exit: { mathText: exit, mathFlow: exit, mathData: data },
  };
}

/** The unified plugin; it has to know the text it will read. */
export function remarkMath(this: Processor, options: { source: string }): undefined {
  const store = this.data() as { micromarkExtensions?: unknown[]; fromMarkdownExtensions?: unknown[] };
  store.micromarkExtensions ??= [];
  store.fromMarkdownExtensions ??= [];
  store.micromarkExtensions.push(mathSyntax(options.source));
  store.fromMarkdownExtensions.push(fromMarkdown());
}
