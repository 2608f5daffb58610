// Restate's side: a handler of steps that each are in its journal before the next begins, and one of steps at once.
import * as restate from "@restatedev/restate-sdk";

// The SDK calls it, and Node has it from version 22 on.
Promise.withResolvers ??= function () {
  const made = {};
  made.promise = new this((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};

const steps = restate.service({
  name: "steps",
  handlers: {
    chain: async (ctx, { steps }) => {
      let n = 0;
      for (let step = 0; step < steps; step++) {
        const before = n;
        n = await ctx.run(`s${step}`, () => before + 1);
      }
      return { n };
    },
    fan: async (ctx, { items }) => {
      const doubled = items.map((item) => ctx.run("item", () => item * 2));
      return { items: await restate.RestatePromise.all(doubled) };
    },
  },
});

const port = await restate.endpoint().bind(steps).listen(Number(process.argv[2]));
console.log(`listening on ${port}`);
