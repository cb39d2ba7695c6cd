// server.js ADDRESS PORT: what nginx and nghttpd do not do: interim responses, trailers, resets, pushes, tunnels.
const http2 = require('http2');
const [address, port] = process.argv.slice(2);
const server = http2.createServer({
  settings: { enableConnectProtocol: true, headerTableSize: 65536, maxFrameSize: 65536 },
  paddingStrategy: http2.constants.PADDING_STRATEGY_ALIGNED,
});

const answers = {
  '/hello': (s) => { s.respond({ ':status': 200, 'content-type': 'text/plain' }); s.end('hello\n'); },
  '/json': (s) => { s.respond({ ':status': 200, 'content-type': 'application/json', 'set-cookie': 'session=s3cret' }); s.end('{"ok":true}\n'); },
  '/none': (s) => s.respond({ ':status': 404 }, { endStream: true }),
  '/fail': (s) => { s.respond({ ':status': 503 }); s.end('later\n'); },
  '/hints': (s) => {
    s.additionalHeaders({ ':status': 103, link: '</style.css>; rel=preload' });
    s.respond({ ':status': 200 });
    s.end('hints\n');
  },
  '/trailers': (s) => {
    s.respond({ ':status': 200 }, { waitForTrailers: true });
    s.on('wantTrailers', () => s.sendTrailers({ 'x-sum': '42' }));
    s.end('trailers\n');
  },
  '/reset': (s) => { s.respond({ ':status': 200 }); s.write('half'); setTimeout(() => s.destroy(new Error('broken')), 20); },
  '/refuse': (s) => s.close(http2.constants.NGHTTP2_REFUSED_STREAM),
  '/never': () => {},
  '/slow': (s) => setTimeout(() => { s.respond({ ':status': 200 }); s.end('slow\n'); }, 100),
  '/big': (s) => { s.respond({ ':status': 200, 'content-type': 'application/octet-stream' }); s.end(Buffer.alloc(90000, 'x')); },
  '/headers': (s) => {
    const h = { ':status': 200 };
    for (let i = 0; i < 60; i++) h[`x-${i}`] = `${i}`.repeat(300);
    s.respond(h);
    s.end('headers\n');
  },
  '/push': (s) => {
    s.pushStream({ ':path': '/style.css' }, (err, push) => {
      if (!err) { push.respond({ ':status': 200, 'content-type': 'text/css' }); push.end('a {}\n'); }
      s.respond({ ':status': 200 });
      s.end('<link>\n');
    });
  },
  '/goaway': (s) => {
    s.session.goaway(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM, s.id);
    s.respond({ ':status': 200 });
    s.end('bye\n');
  },
};

server.on('stream', (stream, headers) => {
  stream.on('error', () => {});
  if (headers[':method'] === 'CONNECT') {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
    return;
  }
  const path = headers[':path'].split('?')[0];
  if (path === '/echo') {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
    return;
  }
  stream.resume();
  (answers[path] || answers['/none'])(stream);
});
server.on('sessionError', () => {});
process.on('uncaughtException', () => {}); // of streams that clients reset
server.listen(port, address);
