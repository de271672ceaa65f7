// Loaded before a server that would listen on every interface: it gets the loopback one.
const net = require("node:net");

const listen = net.Server.prototype.listen;

net.Server.prototype.listen = function (port, ...rest) {
  const done = rest.filter((given) => typeof given === "function");
  return listen.call(this, port, "127.0.0.1", ...done);
};
