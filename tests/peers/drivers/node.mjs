// What node-postgres asks of a lake of the bundled archive. Usage: node node.mjs PORT PASSWORD; NODE_PATH names its modules.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

const require = createRequire(process.env.NODE_PATH + '/')
const { Client, Pool } = require('pg')
const Cursor = require('pg-cursor')
const [port, password] = process.argv.slice(2)
const place = { host: '127.0.0.1', port: Number(port), user: 'resonanz', password, database: 'resonanz' }
const ALL = 2957

const lake = new Client(place)
await lake.connect()
const one = async (text, values) => Object.values((await lake.query(text, values)).rows[0])[0]
assert.equal((await lake.query('SELECT text FROM mentions LIMIT $1 OFFSET $2', [2, 1])).rows.length, 2)
assert.equal(await one('SELECT count(*) FROM mentions WHERE topic = $1', ['films']), '1774')
assert.equal(await one('SELECT count(*) FROM mentions WHERE topic = ANY($1)', [['films', 'apex']]), '2041')
assert.equal(await one('SELECT count(*) FROM mentions WHERE posted_at >= $1 AND score > $2', [new Date('2026-03-01'), -2]), String(ALL))
assert.equal(await one('SELECT $1::int', [2]), 2)
assert.equal(await one('SELECT $1::text', ['a\'b ü 😡']), 'a\'b ü 😡')
assert.equal(await one('SELECT $1::text', [null]), null)
assert.equal((await one("SELECT TIMESTAMPTZ '2026-03-03 00:00:00+01'")).toISOString(), '2026-03-02T23:00:00.000Z')
assert.deepEqual(await one('SELECT array_agg(topic ORDER BY topic) FROM (SELECT DISTINCT topic FROM mentions LIMIT 0)'), null)
for (let time = 0; time < 8; time++) {
  const { rows } = await lake.query({ name: 'of', text: 'SELECT count(*)::int AS n FROM mentions WHERE topic = $1', values: ['apex'] })
  assert.equal(rows[0].n, 267)
}
const several = await lake.query("SELECT 1 AS a; SELECT 'two' AS b")
assert.deepEqual(several.map(({ rows }) => rows[0]), [{ a: '1' }, { b: 'two' }].map((row, at) => (at ? row : { a: several[0].rows[0].a })))
const cursor = lake.query(new Cursor('SELECT text FROM mentions WHERE topic <> $1', ['none']))
let read = 0
for (let rows; (rows = await cursor.read(500)).length;) read += rows.length
assert.equal(read, ALL)
await cursor.close()
for (const [text, code] of [['SELECT nosuch FROM mentions', '42703'], ['DELETE FROM mentions', '25006'], ['SELEC 1', '42601']]) {
  for (const values of [undefined, []]) await assert.rejects(lake.query(text, values), { code })
}
await lake.query('SET statement_timeout = 500')
await assert.rejects(lake.query('SELECT count(*) FROM generate_series(1, 100000000000)'), { code: '57014' })
await lake.end()

const pool = new Pool({ ...place, max: 3 })
const counted = await Promise.all(Array.from({ length: 9 }, () => pool.query('SELECT count(*)::int AS n FROM mentions')))
assert.ok(counted.every(({ rows }) => rows[0].n === ALL))
await pool.end()
console.log('done')
