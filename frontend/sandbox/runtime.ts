/**
 * The libraries that React artifacts may import, as one script that the page posts into the frame: the frame itself may
 * fetch nothing.
 */
import * as React from 'react';
import * as jsxRuntime from 'react/jsx-runtime';
import * as ReactDom from 'react-dom';
import * as ReactDomClient from 'react-dom/client';

function mount(component: unknown, onError: (error: unknown, stack: string) => void): void {
  const host = document.getElementById('root');
  if (!host) return;
  const report = (error: unknown, info: { componentStack?: string }) =>
    onError(error, info.componentStack ?? '');
  const root = ReactDomClient.createRoot(host, { onUncaughtError: report, onCaughtError: report });
  // An artifact may export a ready element instead of a component.
  root.render(
    React.isValidElement(component) ? component : React.createElement(component as React.FunctionComponent),
  );
}

/** What CommonJS code sees: `default` is the module itself. */
const asModule = (module: object): object => ({ ...module, default: module, __esModule: true });

Object.assign(globalThis, {
  conductorRuntime: {
    modules: {
      react: asModule(React),
      'react-dom': asModule(ReactDom),
      'react-dom/client': asModule(ReactDomClient),
      'react/jsx-runtime': asModule(jsxRuntime),
    },
    mount,
  },
  React,
  ReactDOM: { ...ReactDom, ...ReactDomClient },
});
