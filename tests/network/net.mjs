// A Bluesky network (PLC, PDS, AppView and what they need) on loopback, by @atproto/dev-env.
// In: DB_POSTGRES_URL, REDIS_HOST, TMPDIR and PORTS ("plc pds appview ozone") in the environment.
// Out: one line of JSON on stdout when the network answers, {"plc": url, "pds": url, "appview": url}. SIGTERM ends it.
import { TestNetwork } from '@atproto/dev-env'

const [plc, pds, appview, ozone] = process.env.PORTS.split(' ').map(Number)
const network = await TestNetwork.create({
  dbPostgresSchema: 'deepselfie',
  plc: { port: plc },
  pds: {
    port: pds,
    hostname: 'localhost',
    enableDidDocWithSession: true,
    bskyAppViewCdnUrlPattern: `http://localhost:${appview}/img/%s/plain/%s/%s@jpeg`,
  },
  bsky: { port: appview, publicUrl: `http://localhost:${appview}` },
  ozone: { port: ozone, chatUrl: 'http://localhost:9', chatDid: 'did:example:chat' }, // nobody chats
})
process.on('SIGTERM', async () => {
  setTimeout(() => process.exit(0), 3000) // its database may be gone already
  await network.close().catch(() => {})
  process.exit(0)
})
console.log(JSON.stringify({ plc: network.plc.url, pds: network.pds.url, appview: network.bsky.url }))
