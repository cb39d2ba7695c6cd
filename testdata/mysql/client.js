// client.js CASE HOST: MariaDB's own connector for node, which sends the next command before the last one was
// answered and many rows in one command; and mysql2.
const [, , which, host] = process.argv;
const options = { host, port: 3306, user: 'app', password: 's3cret', database: 'shop', multipleStatements: true };

async function pipelined() {
  const db = await require('mariadb').createConnection({ ...options, pipelining: true });
  await Promise.all([1, 2, 3, 4, 5, 6].map((n) => db.query('SELECT ? + 1 AS next', [n])));
  await Promise.all([db.query('SELECT 1'), db.query('SELEKT 2').catch(() => 0), db.query('SELECT 3')]);
  await db.execute('SELECT name FROM users WHERE id = ?', [1]);
  await db.execute('SELECT name FROM users WHERE id = ?', [2]);
  await db.end();
}

async function bulk() {
  const db = await require('mariadb').createConnection(options);
  await db.batch('INSERT INTO users VALUES (?, ?)', [[1000, 'bulk a'], [1001, 'bulk b'], [1002, 'bulk c']]);
  await db.query('SELECT id FROM users WHERE id >= 1000');
  await db.end();
}

async function cursors() {
  const db = await require('mysql2/promise').createConnection(options);
  const [rows] = await db.execute('SELECT id, name FROM users WHERE name LIKE ?', ['%e%']);
  await db.execute('SELECT id, name FROM users WHERE name LIKE ?', ['a%']);
  await db.execute('UPDATE users SET name = ? WHERE id = ?', ['eve', rows.length]);
  await db.ping();
  await db.changeUser({ user: 'app2', password: 'other', database: 'mysql' });
  await db.query('SELECT DATABASE()');
  await db.end();
}

({ pipelined, bulk, cursors })[which]().catch((e) => console.error(e)).finally(() => process.exit(0));
