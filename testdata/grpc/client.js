// client.js ADDRESS:PORT: calls with grpc-js; messages are plain bytes.
const grpc = require('@grpc/grpc-js');
const client = new grpc.Client(process.argv[2], grpc.credentials.createInsecure());
const same = (b) => b;
const call = (name, message) =>
  new Promise((done) => client.makeUnaryRequest(`/test.Echo/${name}`, same, same, Buffer.from(message), new grpc.Metadata(), done));

(async () => {
  await call('Unary', 'from node');
  await call('Fail', 'from node');
  const stream = client.makeServerStreamRequest('/test.Echo/ServerStream', same, same, Buffer.from('3'));
  await new Promise((done) => stream.on('data', () => {}).on('end', done).on('error', done));
  client.close();
})();
