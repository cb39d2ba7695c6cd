// client.js CASE ADDRESS PORT: what curl and nghttp do not send.
const http2 = require('http2');
const [name, address, port] = process.argv.slice(2);
const host = address.includes(':') ? `[${address}]` : address;
const session = http2.connect(`http://${host}:${port}`, {
  settings: { headerTableSize: name === 'tables' ? 0 : 65536, enablePush: true },
  paddingStrategy: name === 'padding' ? http2.constants.PADDING_STRATEGY_MAX : undefined,
});
session.on('error', () => {});
session.on('stream', (s) => { s.on('error', () => {}); s.resume(); });

function ask(headers, body, options) {
  return new Promise((done) => {
    const s = session.request(headers, { endStream: body === undefined, ...options });
    s.on('error', () => {});
    s.on('close', done);
    s.resume();
    if (body !== undefined) s.end(body);
  });
}
const get = (path, more) => ask({ ':path': path, ...more });
const post = (path, body, more) => ask({ ':method': 'POST', ':path': path, ...more }, body);

const cases = {
  async interim() {
    await get('/hints');
    await post('/echo', 'expected', { expect: '100-continue' });
  },
  async trailers() {
    await get('/trailers');
    await new Promise((done) => {
      const s = session.request({ ':method': 'POST', ':path': '/echo' }, { waitForTrailers: true });
      s.on('wantTrailers', () => s.sendTrailers({ 'x-check': '1' }));
      s.on('close', done);
      s.resume();
      s.end('with trailers');
    });
  },
  async padding() {
    await post('/echo', 'padded');
    await get('/json', { authorization: 'Bearer s3cret' });
  },
  async errors() {
    for (const path of ['/none', '/fail', '/reset', '/refuse', '/hello']) await get(path);
    await ask({ ':method': 'HEAD', ':path': '/hello' });
  },
  async cancelled() {
    const s = session.request({ ':path': '/never' });
    s.on('error', () => {});
    setTimeout(() => s.close(http2.constants.NGHTTP2_CANCEL), 50);
    const late = session.request({ ':path': '/slow' });
    late.on('error', () => {});
    late.close(http2.constants.NGHTTP2_CANCEL);
    const up = session.request({ ':method': 'POST', ':path': '/echo' });
    up.on('error', () => {});
    up.resume();
    up.write('begun');
    setTimeout(() => up.close(http2.constants.NGHTTP2_INTERNAL_ERROR), 80);
    await new Promise((done) => setTimeout(done, 200));
  },
  async goaway() {
    const waiting = get('/slow');
    await get('/goaway');
    await waiting;
  },
  async tunnel() {
    await ask({ ':method': 'CONNECT', ':authority': 'example.org:443' }, 'through the tunnel');
    await new Promise((done) => session.remoteSettings.enableConnectProtocol ? done() : session.once('remoteSettings', done));
    await ask({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat', ':scheme': 'http', ':authority': 'x' }, 'frames');
  },
  async headers() {
    const h = {};
    for (let i = 0; i < 60; i++) h[`y-${i}`] = `${i}`.repeat(200);
    await get('/headers', h);
    await get('/headers', h);
  },
  async tables() {
    for (let i = 0; i < 12; i++) await get(`/hello?n=${i}`, { 'x-once': `value ${i}`, 'x-again': 'the same' });
  },
  async large_tables() {
    const many = (i) => Object.fromEntries([...Array(20).keys()].map((k) => [`x-${k}`, `${(i * 7 + k) % 40} `.repeat(20)]));
    for (let i = 0; i < 30; i++) await get(`/hello?n=${i % 8}`, many(i));
  },
  async interleaved() {
    await Promise.all([post('/echo', Buffer.alloc(40000, 'a')), get('/big'), post('/echo', Buffer.alloc(30000, 'b')),
      get('/hello'), get('/slow'), get('/json')]);
  },
  async push() { await get('/push'); await get('/push'); },
};

session.on('connect', async () => {
  await cases[name]();
  session.close();
  setTimeout(() => process.exit(0), 100);
});
setTimeout(() => process.exit(1), 4000);
