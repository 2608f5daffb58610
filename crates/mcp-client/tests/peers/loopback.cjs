// Loaded with `node -r` before a server that would listen on every interface: it listens on the loopback interface, on
// a free port, and says which one.
const net = require("node:net");

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  const done = args.find((arg) => typeof arg === "function");
  this.once("listening", () => process.stderr.write(`listening on 127.0.0.1:${this.address().port}\n`));
  return listen.call(this, { host: "127.0.0.1", port: 0 }, done);
};
